package ftpclient

import "strconv"

// String returns a short text for messages, "not found" for KindNotExist.
func (k Kind) String() string { return "kind " + strconv.Itoa(int(k)) }

// quote returns a path for a message, with control characters escaped.
func quote(path string) string { return strconv.Quote(path) }

// quoteText returns a server's words for a message on one line.
func quoteText(text string) string { return strconv.Quote(text) }
