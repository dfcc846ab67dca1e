package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
)

// badInputs are mistakes that people make, and the one line that each gets: the
// thing, the reason, the mend. $D is a folder with the files of badFiles.
var badInputs = []struct{ env, args, want string }{
	{"", `mont ftp://h/ /m`, `there is no command mont, did you mean mount?: see ftpfs --help`},
	{"", `mount`, `mount takes two arguments, URL and MOUNTPOINT, not 0: write ftpfs mount [flags] URL|SERVER [MOUNTPOINT]`},
	{"", `mount ftp://h/`, `mount takes a URL and a MOUNTPOINT, one of them is missing: write ftpfs mount [flags] URL|SERVER [MOUNTPOINT]`},
	{"", `mount ftp://h/ /a /b`, `mount takes two arguments, URL and MOUNTPOINT, not 3: write ftpfs mount [flags] URL|SERVER [MOUNTPOINT]`},
	{"", `mount --demo`, `mount --demo takes one argument, MOUNTPOINT: write ftpfs mount [flags] URL|SERVER [MOUNTPOINT]`},
	{"", `mount nas`, `nas is no URL (write ftp://nas), and there is no configuration that could name a server so: see ftpfs config --help`},
	{"", `mount nas /m`, `nas is no URL (write ftp://nas), and there is no configuration that could name a server so: see ftpfs config --help`},
	{"", `mount --config $D/config ns /m`, `ns is neither a URL (write ftp://ns) nor a server of $D/config: did you mean nas?`},
	{"", `mount --config $D/config nas`, `the configuration has no mountpoint for nas: write ftpfs mount nas MOUNTPOINT`},
	{"", `mount --config $D/none nas`, `configuration $D/none: no such file or directory: check the path, or leave --config out`},
	{"", `mount --config $D nas`, `configuration $D: is a directory: check the path, or leave --config out`},
	{"", `mount --config $D/typo nas`, `$D/typo:3:1: there is no setting conections: did you mean connections?`},
	{"", `mount --config $D/type nas`, `$D/type:3:1: connections: write a whole number, without quotes`},
	{"", `mount --config $D/toml nas`, `$D/toml:2:7: not TOML (expected keyword "false"): write KEY = VALUE, and texts in quotes`},
	{"", `mount --config $D/nourl nas`, `the server nas has no url in $D/nourl: write url = "ftp://..." below [servers.nas]`},
	{"", `mount --config $D/open nas`, `$D/open: has a command and may be written by others (mode 0666): chmod go-w $D/open`},
	{"", `mount host/dir /m`, `host/dir is no URL (write ftp://host/dir), and there is no configuration that could name a server so: see ftpfs config --help`},
	{"", `mount ftp:host /m`, `ftp:host is no URL (write ftp://host), and there is no configuration that could name a server so: see ftpfs config --help`},
	{"", `mount sftp://h/ /m`, `sftp://: SFTP is another protocol, that of SSH: use sshfs for it`},
	{"", `mount https://h/ /m`, `https://: not FTP: use davfs2 or rclone for it`},
	{"", `mount gopher://h/ /m`, `"gopher" is not a scheme that ftpfs knows: write ftp://host/dir`},
	{"", `mount ftp:/// /m`, `the URL has no host: write ftp://host/dir`},
	{"", `mount ftp://h:99999/ /m`, `the port in the URL is not a number from 1 to 65535 (in a password write / as %2F, @ as %40, : as %3A)`},
	{"", `mount ftp://h:ftp/ /m`, `the port in the URL is not a number from 1 to 65535 (in a password write / as %2F, @ as %40, : as %3A)`},
	{"", `mount ftp://::1/ /m`, `host ":": write an IPv6 address in brackets: ftp://[::1]/`},
	{"", `mount ftp://[::1/ /m`, `"[:" is not an IPv6 address in brackets: write ftp://[::1]/`},
	{"", `mount ftp://:secret@h/ /m`, `the URL has a password but no user: write ftp://user:password@host/`},
	{"", `mount ftp://h/a%2 /m`, `the directory in the URL has a % without two hexadecimal digits: write % as %25`},
	{"", `mount ftp://h/a%0Ab /m`, `the directory in the URL holds a control character (%0A): FTP cannot send it`},
	{"", `mount ftp://h/a?b /m`, `the URL has a query or fragment, which FTP has not: write ? as %3F and # as %23`},
	{"", `mount ftp://a@h/ftp://b /m --connections=0`, `--connections 0 is not from 1 to 64`},
	{"", `mount --conections=3 ftp://h/ /m`, `ftpfs mount has no flag --conections, did you mean --connections?: see ftpfs mount --help`},
	{"", `mount --connections=many ftp://h/ /m`, `--connections: "many" is not a whole number: write one, such as 8`},
	{"", `mount --connections ftp://h/ /m`, `--connections: "ftp://h/" is not a whole number: write one, such as 8`},
	{"", `mount --connections=65 ftp://h/ /m`, `--connections 65 is not from 1 to 64`},
	{"", `mount --timeout=5 ftp://h/ /m`, `--timeout: "5" is not a time: write a number with its unit, such as 30s, 5m or 1h30m`},
	{"", `mount --timeout=5ms ftp://h/ /m`, `--timeout 5ms is less than a second: write one or more, such as 30s`},
	{"", `mount --attr-timeout=-1s ftp://h/ /m`, `--attr-timeout -1s is negative: write 0 or more, such as 10s`},
	{"", `mount --cache-size=much ftp://h/ /m`, `--cache-size: "much" is not a size: write bytes, or 64K, 256M, 2G`},
	{"", `mount --umask=9 ftp://h/ /m`, `--umask: "9" is not an octal mask such as 022`},
	{"", `mount --uid=nobody-of-this-name ftp://h/ /m`, `--uid: there is no user "nobody-of-this-name": give a name of this machine, or a number`},
	{"", `mount --gid=-1 ftp://h/ /m`, `--gid: there is no group "-1": give a name of this machine, or a number`},
	{"", `mount --read-only=maybe ftp://h/ /m`, `--read-only: "maybe" is neither true nor false: write one of them`},
	{"", `mount -q ftp://h/ /m`, `ftpfs mount has no flag -q: see ftpfs mount --help`},
	{"", `mount --active-ports=5000-5100 ftp://h/ /m`, `--active-ports goes with --active`},
	{"", `mount --active --active-ports=80-90 ftp://h/ /m`, `--active-ports 80-90: write two ports from 1024 to 65535, such as 50000-50100`},
	{"", `mount --active --active-address=nas ftp://h/ /m`, `--active-address nas: write the IP address that the server can reach, such as 192.0.2.1`},
	{"", `mount --active --proxy=socks5://p ftp://h/ /m`, `--active and --proxy exclude each other: the server would connect to this machine, past the proxy`},
	{"", `mount --limit-rate=100 ftp://h/ /m`, `--limit-rate 100: with less than 8K a second transfers would be given up as dead`},
	{"", `mount --proxy=p:1080 ftp://h/ /m`, `--proxy is no URL of a proxy: write socks5://[user:password@]host:port or http://... (in a password / as %2F, @ as %40, : as %3A)`},
	{"", `mount --encoding=klingon ftp://h/ /m`, `--encoding klingon: no such encoding: write a name such as ISO-8859-1, windows-1251, KOI8-R, Shift_JIS, GB18030`},
	{"", `mount --timezone=Mars ftp://h/ /m`, `--timezone Mars: no such time zone: write a name such as Europe/Berlin, or an offset such as +02:00`},
	{"", `mount --tls=maybe ftp://h/ /m`, `--tls=maybe is not off, try, explicit or implicit`},
	{"", `mount --tls=off ftps://h/ /m`, `--tls=off contradicts ftps://: write ftp:// with --tls`},
	{"", `mount --ca-file=$D/none ftp://h/ /m`, `there is no TLS in ftp://: write ftpes:// or ftps://, or leave the flags for certificates out`},
	{"", `mount --tls-key=$D/none ftpes://h/ /m`, `--tls-key goes with --tls-cert`},
	{"", `mount --atomic=sometimes ftp://h/ /m`, `--atomic sometimes: write auto, always or never`},
	{"", `mount --on-conflict=ask ftp://h/ /m`, `--on-conflict ask: write fail or overwrite`},
	{"", `mount --spool-size=1K ftp://h/ /m`, `--spool-size 1KiB is less than 16MiB`},
	{"", `mount --cache-dir=/c --cache-disk-size=1M ftp://h/ /m`, `--cache-disk-size 1MiB is less than 16MiB`},
	{"", `mount -o conections=3 ftp://h/ /m`, `-o conections: no such option, did you mean connections?: see ftpfs mount --help`},
	{"", `mount -o connections ftp://h/ /m`, `-o connections needs a value: -o connections=...`},
	{"", `mount -o connections=many ftp://h/ /m`, `-o connections: "many" is not a whole number: write one, such as 8`},
	{"", `mount -o user=me:secret ftp://h/ /m`, `-o user: write the user into the URL, ftp://user@host/, and the password into a file: -o credentials=FILE`},
	{"", `mount -o password=secret ftp://h/ /m`, `-o password: write the user into the URL, ftp://user@host/, and the password into a file: -o credentials=FILE`},
	{"FTPFS_CONNECTIONS=many", `mount ftp://h/ /m`, `FTPFS_CONNECTIONS: "many" is not a whole number: write one, such as 8`},
	{"FTPFS_READ_ONLY=maybe", `mount ftp://h/ /m`, `FTPFS_READ_ONLY: "maybe" is neither true nor false: write one of them`},
	{"", `mount --password-file=$D/none ftp://u@h/ /m`, `password file $D/none: no such file or directory: check the path`},
	{"", `mount --password-file=$D ftp://u@h/ /m`, `password file $D: is a directory: name a file in it`},
	{"", `mount --password-file=$D/empty --password-command=true ftp://u@h/ /m`, `--password-file, --password-command, --credentials: give one of them`},
	{"", `mount --credentials=$D/typo ftp://u@h/ /m`, `credentials file $D/typo, line 1: write username=NAME and password=TEXT`},
	{"", `mount --password-command=false ftp://u@h/ /m`, `--password-command fails (exit status 1): try it in a shell`},
	{"", `mount --password-command=true ftp://u@h/ /m`, `--password-command prints nothing: its first line has to be the password`},
	{"", `mount --netrc=$D/none ftp://u@h/ /m`, `netrc file $D/none: no such file or directory: check the path`},
	{"", `mount --netrc=$D/typo ftp://u@h/ /m`, `netrc file $D/typo: line 1: neither machine, default, login, password, account nor macdef`},
	{"", `mount -f ftp://127.0.0.1:1/ $D/none`, `mount point $D/none does not exist: mkdir -p $D/none`},
	{"", `mount -f ftp://127.0.0.1:1/ $D/empty`, `mount point $D/empty is a file: give an empty directory`},
	{"", `mount -f ftp://127.0.0.1:1/ $D/empty/below`, `mount point $D/empty/below: a part of the path is a file, not a directory`},
	{"", `mount -f ftp://127.0.0.1:1/ $D`, `mount point $D is not empty ("config" is in it): choose an empty directory, or hide the content with --nonempty`},
	{"", `mount -f --log-file=$D/none/log ftp://127.0.0.1:1/ $D/dir`, `log file $D/none/log: no such file or directory: check the path`},
	{"", `mount -f --ca-file=$D/none ftpes://127.0.0.1:1/ $D/dir`, `--ca-file $D/none: no such file or directory: check the path`},
	{"", `mount -f --ca-file=$D/empty ftpes://127.0.0.1:1/ $D/dir`, `--ca-file $D/empty: there is no certificate in it (PEM is wanted)`},
	{"", `mount -f --tls-cert=$D/empty ftpes://127.0.0.1:1/ $D/dir`, `--tls-cert $D/empty: tls: failed to find any PEM data in certificate input: give a certificate and its key (--tls-key) in PEM`},
	{"", `mount -f ftp://127.0.0.1:1/ $D/dir`, `127.0.0.1:1 refuses the connection: check the port, and that the FTP server runs`},
	{"", `mount -f ftp://nowhere.invalid/ $D/dir`, `unknown host nowhere.invalid: check the spelling and the name server`},
	{"", `umount`, `one argument is wanted, 0 are given: write ftpfs umount [flags] MOUNTPOINT`},
	{"", `umount $D/dir`, `$D/dir is not a mount of ftpfs: see findmnt -t fuse.ftpfs`},
	{"", `umount --timeout=soon $D/dir`, `--timeout: "soon" is not a time: write a number with its unit, such as 30s, 5m or 1h30m`},
	{"", `refresh $D/dir`, `$D/dir is not in a mount of ftpfs: see findmnt -t fuse.ftpfs`},
	{"", `uploads list $D/dir`, `$D/dir is not a mount of this user: see findmnt -t fuse.ftpfs`},
	{"", `uploads retry $D/dir/x`, `$D/dir/x is not in a mount of this user: see findmnt -t fuse.ftpfs`},
	{"", `uploads save $D/dir/x`, `2 arguments are wanted, 1 is given: write ftpfs uploads save FILE TO [flags]`},
	{"", `probe h`, `h is no URL (write ftp://h), and there is no configuration that could name a server so: see ftpfs config --help`},
	{"", `probe --write ftp://h/`, `one argument is wanted, 0 are given: write ftpfs probe [flags] URL|SERVER`},
	{"", `completion tcsh`, `invalid argument "tcsh" for "ftpfs completion": write ftpfs completion bash|zsh|fish [flags]`},
	{"", `config chek`, `there is no command chek, did you mean check?: see ftpfs config --help`},
	{"", `config check $D/typo`, `$D/typo:3:1: there is no setting conections: did you mean connections?`},
	{"", `config check $D/none`, `configuration $D/none: no such file or directory: check the path, or leave --config out`},
}

// badFiles are the files that badInputs names, by what is in them.
var badFiles = map[string]string{
	"empty":  "",
	"config": "[servers.nas]\nurl = 'ftp://h/'\n",
	"typo":   "[servers.nas]\nurl = 'ftp://h/'\nconections = 3\n",
	"type":   "[servers.nas]\nurl = 'ftp://h/'\nconnections = '3'\n",
	"toml":   "[servers.nas]\nurl = ftp://h/\n",
	"nourl":  "[servers.nas]\nmountpoint = '/m'\n",
	"open":   "[servers.nas]\nurl = 'ftp://u@h/'\nmountpoint = '/m'\npassword-command = 'echo x'\n",
}

// TestBadInput: whatever is wrong, one line says what to do, and no secret.
func TestBadInput(t *testing.T) {
	sandbox(t)
	t.Setenv(envMain, "1") // for what a mount starts in the background
	dir := t.TempDir()
	t.Chdir(dir) // and back: a mount in the foreground goes to /
	for name, text := range badFiles {
		mode := os.FileMode(0o600)
		if name == "open" {
			mode = 0o666
		}
		if err := os.Rename(writeFile(t, text, mode), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "dir"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range badInputs {
		t.Run(strings.TrimSpace(tt.env+" "+tt.args), func(t *testing.T) {
			if name, value, ok := strings.Cut(tt.env, "="); ok {
				t.Setenv(name, value)
			}
			argv := append([]string{"ftpfs"}, strings.Fields(strings.ReplaceAll(tt.args, "$D", dir))...)
			err := execute(newRoot(&secret.Process{Args: argv, Replaced: true}), argv[1:])
			if err == nil {
				t.Fatal("it was taken")
			}
			got := strings.ReplaceAll(say.OneLine(err), dir, "$D")
			if got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if strings.Contains(got, "\n") || strings.Contains(got, "secret") {
				t.Errorf("more than a line, or a secret: %s", got)
			}
		})
	}
}
