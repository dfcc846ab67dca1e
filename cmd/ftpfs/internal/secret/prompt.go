package secret

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"ftpfs/cmd/ftpfs/internal/say"
)

// TerminalPrompt asks on the controlling terminal without echo; nil if the
// process has none.
func TerminalPrompt() func(string) (string, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	tty.Close()
	return func(question string) (string, error) {
		tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
		if err != nil {
			return "", say.Reason(err)
		}
		defer tty.Close()
		defer restoreOnSignal(tty)()
		fmt.Fprint(tty, question)
		password, err := term.ReadPassword(int(tty.Fd()))
		fmt.Fprintln(tty)
		return string(password), err
	}
}

// restoreOnSignal gives the terminal its echo back if a signal ends the
// program at the prompt, and returns the function that ends this watch.
func restoreOnSignal(tty *os.File) (stop func()) {
	state, err := term.GetState(int(tty.Fd()))
	if err != nil {
		return func() {}
	}
	signals := make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		select {
		case sig := <-signals:
			// The process ends here whether or not this succeeds.
			_ = term.Restore(int(tty.Fd()), state)
			os.Exit(128 + int(sig.(syscall.Signal)))
		case <-done:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}
