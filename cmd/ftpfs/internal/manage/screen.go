package manage

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"ftpfs/cmd/ftpfs/internal/status"
)

// screen shows lines in place of those before.
type screen struct {
	out *os.File
}

// The control sequences of ECMA-48 and xterm that screen uses.
const (
	screenOpen  = "\x1b[?1049h\x1b[?25l" // the other screen, no cursor
	screenClose = "\x1b[?25h\x1b[?1049l"
	screenHome  = "\x1b[H"
	lineRest    = "\x1b[K"
	screenRest  = "\x1b[J"
)

func newScreen(out *os.File) *screen {
	fmt.Fprint(out, screenOpen)
	return &screen{out}
}

func (s *screen) close() { fmt.Fprint(s.out, screenClose) }

// show draws reports as far as they fit.
func (s *screen) show(reports []Report) error {
	width, height, err := term.GetSize(int(s.out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	text := screenHome
	for i, line := range status.Fit(reportLines(reports), width, height) {
		if i > 0 {
			text += "\r\n"
		}
		text += line + lineRest
	}
	_, err = io.WriteString(s.out, text+screenRest)
	return err
}
