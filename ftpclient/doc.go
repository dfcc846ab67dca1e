// Package ftpclient speaks FTP to any server, over a bounded pool of control
// connections, and reports in Go's terms.
//
// A [Client] is what the rest of the program uses: it takes absolute server
// paths, borrows a control connection for each operation, and returns
// [Entry] values or an [*Error] whose [Kind] was decided once, here, from the
// command, the reply and, where the reply says nothing, a look at the path.
//
// Paths are sequences of bytes, separated by slashes and beginning with one. They
// go to the server as they are (RFC 3659 section 2.2), unless [Options] name an
// encoding, or the server has a syntax of its own for paths (OpenVMS, MVS); CR,
// LF and NUL are refused before anything is sent.
//
// Every method may be called from several goroutines. Every method blocks
// until the server has answered, the context ends or a deadline of [Options]
// passes; none waits for ever. Unless its comment says otherwise, a cancelled
// context leaves the operation's outcome on the server unknown and costs the
// control connection that carried it. A context that was cancelled is
// [KindCanceled], one whose deadline passed is [KindTimeout].
//
// Data connections are opened by the Client, to the host of the control
// connection whatever address the server names, or with [Options].Active by the
// server. Distributed servers that list PRET are told by it what will come.
//
// With TLS (RFC 4217, [Security]) data connections resume the session of their
// control connection, which many servers demand. In TLS 1.2 crypto/tls resumes
// by tickets alone: a server that demands it, has no tickets and speaks nothing
// newer refuses every transfer: [ErrNoTicket].
//
// What is learned of a server, by normal use or by [Client.Probe], is in
// [Features]; Features.Facts has the evidence.
//
// An operation that fails because its idle connection had died is repeated once
// on a fresh one, if a second time does no harm. Whether a change whose reply
// was lost has happened is found out by looking. Store is never repeated.
package ftpclient
