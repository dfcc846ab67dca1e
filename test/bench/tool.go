package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A tool does the works: by a mount, or by commands of its own.
type tool struct {
	name    string
	program string                                            // what must be installed
	mount   func(s *site, p places, flags []string) *exec.Cmd // stays in the foreground; nil for a tool of commands; flags are the work's, for ftpfs
	scripts map[string]string                                 // by work, for a tool of commands; see work.script
	writes  bool                                              // it is only for works that change the tree
	// heard returns the commands, by their verb, that the mount's own log tells of
	// so far; nil if it tells nothing. It is asked where the link shows none.
	heard  func(p places) (map[string]int, error)
	env    func(s *site) []string           // for scripts
	checks map[string]func(*checking) error // in place of the work's own
}

// places are the directories of one measurement.
type places struct {
	base  string // for files of the tool itself
	mount string // $M
	local string // $L
	read  string // $T
}

// ftpfs is the tool that the others are compared with.
func ftpfsTool(flags []string) *tool { return namedTool("ftpfs", flags) }

// namedTool is ftpfs by another name, with other flags.
func namedTool(name string, flags []string) *tool {
	return &tool{name: name, heard: tracedCommands, mount: func(s *site, p places, more []string) *exec.Cmd {
		args := []string{"mount", "-f", "--log-file", filepath.Join(p.base, "ftpfs.log"), "--spool-dir", filepath.Join(p.base, "spool")}
		if s.caFile != "" {
			args = append(args, "--ca-file", s.caFile, "--trace")
		}
		args = append(slices.Concat(args, more, flags), s.url(), p.mount)
		cmd := exec.Command(s.program, args...)
		cmd.Env = append(os.Environ(), "FTPFS_PASSWORD="+s.password)
		return cmd
	}}
}

// writeBack is ftpfs that lets close return before the server has everything.
var writeBack = func() *tool {
	t := namedTool("write-back", []string{"--write-back"})
	t.writes = true
	return t
}()

// traced is a command in ftpfs's log.
var traced = regexp.MustCompile(`#[0-9]+ > ([A-Za-z]+)`)

// tracedCommands counts what ftpfs mount --trace has logged.
func tracedCommands(p places) (map[string]int, error) {
	log, err := os.ReadFile(filepath.Join(p.base, "ftpfs.log"))
	verbs := map[string]int{}
	for _, m := range traced.FindAllSubmatch(log, -1) {
		verbs[strings.ToUpper(string(m[1]))]++
	}
	return verbs, err
}

// peers are what ftpfs is compared with.
var peers = slices.Concat(mountPeers, copiers)

var mountPeers = []*tool{
	writeBack,
	{name: "rclone", program: "rclone", mount: rcloneMount("full")},
	{name: "rclone-off", program: "rclone", mount: rcloneMount("off")},
	{name: "curlftpfs", program: "curlftpfs", mount: curlftpfsMount},
	{name: "lftp", program: "lftp", env: commandEnv, scripts: map[string]string{
		"ls-lR":     lftp(`find -l`),
		"read-src":  lftp(`mirror --parallel=8 /src \"$T/src\"`),
		"read-64M":  lftp(`pget -n 8 /large -o \"$T/large\"`),
		"cp-100-in": lftp(`mirror -R --parallel=8 \"$L/small\" /small`),
		"cp-64M-in": lftp(`put \"$L/large\"`),
		"get-src":   lftp(`mirror --parallel=8 /src \"$T/src\"`),
		"put-src":   lftp(`mirror -R --parallel=8 \"$L/src\" /src`),
		"get-1G":    lftp(`get /huge -o \"$T/huge\"`),
		"put-1G":    lftp(`put \"$L/huge\"`),
		"rm-r":      lftp(`rm -r /twenty`),
		"mkdir-p":   lftp(`mkdir -p /a/b/c/d/e`),
		"mv":        lftp(`mv /dir07 /moved`),
	}, checks: map[string]func(*checking) error{"ls-lR": printsLines(1050), "read-src": fetched("src")}},
	{name: "curl", program: "curl", env: commandEnv, scripts: map[string]string{
		"read-64M":  `curl -sS $CURLTLS -u "$USERPASS" "ftp://$HOSTPORT/large" -o "$T/large"`,
		"cp-64M-in": `curl -sS $CURLTLS -u "$USERPASS" -T "$L/large" "ftp://$HOSTPORT/large"`,
		"rate-1":    atOnce(0, curlGet("large")),
		"rate-8":    `mkdir "$T/eight"; ` + atOnce(7, curlGet("eight/part$i")),
		"loop-read": curlDiscard, "loop-cat": curlDiscard,
		"loop-write": `curl -sS $CURLTLS -u "$USERPASS" -T "$L/huge" "ftp://$HOSTPORT/huge"`,
	}, checks: map[string]func(*checking) error{"loop-read": discarded, "loop-cat": discarded}},
}

// curlDiscard gets a file and prints how long it is.
const curlDiscard = `curl -sS $CURLTLS -u "$USERPASS" "ftp://$HOSTPORT/huge" -o /dev/null -w '%{size_download}\n'`

// discarded checks that length.
func discarded(c *checking) error { return prints(fmt.Sprintf("%d\n", big))(c) }

func curlGet(name string) string {
	return `curl -sS $CURLTLS -u "$USERPASS" "ftp://$HOSTPORT/` + name + `" -o "$T/` + name + `"`
}

// lftp returns a script of one lftp command.
func lftp(command string) string {
	return `lftp --norc -c "$LFTPSET; open -u $LFTPUSER ftp://$HOSTPORT && ` + command + `"`
}

func commandEnv(s *site) []string {
	set, tls := "set ftp:ssl-allow no", ""
	if s.caFile != "" {
		set = "set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ssl:ca-file " + s.caFile
		tls = "--ssl-reqd --cacert " + s.caFile
	}
	ours := []string{"FTPFS=" + s.program, "URL=" + s.url(), "FTPFS_PASSWORD=" + s.password}
	if s.caFile != "" {
		ours = append(ours, "FTPFS_CA_FILE="+s.caFile)
	}
	return append(ours,
		"HOSTPORT="+s.host+":"+strconv.Itoa(s.port), "USERPASS="+s.user+":"+s.password,
		"LFTPUSER="+s.user+","+s.password, "LFTPSET="+set, "CURLTLS="+tls,
	)
}

// rcloneMount returns a mount with this --vfs-cache-mode.
func rcloneMount(mode string) func(*site, places, []string) *exec.Cmd {
	return func(s *site, p places, _ []string) *exec.Cmd {
		args := []string{"mount", "--config", "/dev/null", "--cache-dir", filepath.Join(p.base, "cache"), "--vfs-cache-mode", mode,
			"--ftp-host", s.host, "--ftp-port", strconv.Itoa(s.port), "--ftp-user", s.user}
		if s.caFile != "" {
			args = append(args, "--ftp-explicit-tls", "--ftp-no-check-certificate") // it asks no --ca-cert for FTP
		}
		cmd := exec.Command("rclone", append(args, ":ftp:/", p.mount)...)
		cmd.Env = append(os.Environ(), "RCLONE_FTP_PASS="+obscured(s.password))
		return cmd
	}
}

// obscured is how rclone wants passwords.
func obscured(password string) string {
	out, err := exec.Command("rclone", "obscure", password).Output()
	if err != nil {
		return "" // its mount then says that the password is missing
	}
	return strings.TrimSpace(string(out))
}

func curlftpfsMount(s *site, p places, _ []string) *exec.Cmd {
	options := "user=" + s.user + ":" + s.password
	if s.caFile != "" {
		options += ",ssl,cacert=" + s.caFile
	}
	return exec.Command("curlftpfs", "-f", "-o", options, "ftp://"+s.host+":"+strconv.Itoa(s.port)+"/", p.mount)
}

func peerNames() (names []string) {
	for _, t := range peers {
		names = append(names, t.name)
	}
	return names
}

// chooseTools returns the peers of a list. What is not installed is chosen too,
// for its rows to say so.
func chooseTools(list string) (chosen []*tool, err error) {
	if list == "all" {
		return peers, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(peerNames(), name)
		switch {
		case i >= 0:
			chosen = append(chosen, peers[i])
		case name != "":
			return nil, fmt.Errorf("-peer: there is no %q, but %s", name, strings.Join(peerNames(), ", "))
		}
	}
	return chosen, nil
}

// does reports whether the tool can do a work at all.
func (t *tool) does(w *work) bool {
	return t.mount != nil && (w.changes || !t.writes) || t.scripts[w.name] != ""
}

// installed returns an error that says what is missing.
func (t *tool) installed() error {
	if t.program == "" {
		return nil
	}
	if _, err := exec.LookPath(t.program); err != nil {
		return fmt.Errorf("not installed")
	}
	return nil
}
