package serve

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/passwd"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
)

func newPasswdCommand() *cobra.Command {
	var file string
	var remove bool
	cmd := &cobra.Command{
		Use:   "passwd [--file FILE NAME]",
		Short: "Hash a password for ftpfs serve",
		Long: `passwd asks for a password, twice, or reads the first line of standard input if
that is no terminal, and prints its hash (bcrypt), for password = "..." in the
configuration of ftpfs serve. With --file it gives the user NAME that password in
a file for ftpfs serve --passwords, which is made if it is not there; a server that
runs reads it again at SIGHUP.`,
		Example: `  ftpfs serve passwd
  ftpfs serve passwd --file /etc/ftpfs/users anna
  pass show nas/anna | ftpfs serve passwd --file /etc/ftpfs/users anna
  ftpfs serve passwd --file /etc/ftpfs/users --remove anna`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (file != "") != (len(args) == 1) || remove && file == "" {
				return exit.Errorf(exit.Usage, "write ftpfs serve passwd --file FILE NAME, or ftpfs serve passwd alone to print a hash")
			}
			if len(args) == 1 && !passwd.ValidName(args[0]) {
				return exit.Errorf(exit.Usage, "the name %q holds a blank, a colon or a control character: leave that out", args[0])
			}
			if remove {
				return passwdFileError(file, passwd.Set(file, args[0], ""))
			}
			hash, err := newPassword(cmd.InOrStdin())
			if err != nil {
				return err
			}
			if file == "" {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), hash)
				return err
			}
			return passwdFileError(file, passwd.Set(file, args[0], hash))
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "file of users to change")
	cmd.Flags().BoolVar(&remove, "remove", false, "remove the user from the file")
	return cmd
}

func passwdFileError(file string, err error) error {
	if err == nil {
		return nil
	}
	return exit.Errorf(exit.Failure, "file of users %s cannot be changed: %w", file, say.Reason(err))
}

// maxPassword bounds what is read of standard input, in bytes.
const maxPassword = 4096

// newPassword asks for a password and returns its hash.
func newPassword(stdin io.Reader) (string, error) {
	password, err := readNewPassword(stdin)
	if err != nil {
		return "", err
	}
	hash, err := passwd.Hash(password)
	if err != nil {
		return "", exit.Errorf(exit.Usage, "%w", err)
	}
	return hash, nil
}

func readNewPassword(stdin io.Reader) (string, error) {
	if f, ok := stdin.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(stdin, maxPassword)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", exit.Errorf(exit.Failure, "standard input: %w", say.Reason(err))
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	ask := secret.TerminalPrompt()
	if ask == nil {
		return "", exit.Errorf(exit.Failure, "there is no terminal to ask on: give the password by standard input")
	}
	first, err := ask("Password: ")
	if err != nil {
		return "", err
	}
	second, err := ask("Again: ")
	if err == nil && first != second {
		err = exit.Errorf(exit.Failure, "the two differ: try again")
	}
	return first, err
}
