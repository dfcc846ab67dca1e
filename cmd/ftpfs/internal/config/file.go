package config

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
)

// maxSize bounds what is read of a file, in bytes.
const maxSize = 1 << 20

// The tables at the top, and the keys that are no flags.
const (
	tableServers  = "servers"
	tableDefaults = "defaults"

	keyURL        = "url"
	keyMountpoint = "mountpoint"
	keyPassword   = "password"
	keyCommand    = "password-command" // a flag that runs what the file says
)

var ownKeys = []string{keyURL, keyMountpoint, keyPassword}

// File is a configuration file that was read. Its methods change nothing in it.
type File struct {
	Name    string
	mode    fs.FileMode
	owner   int
	entries []entry
	tables  []entry // without values
}

// Load reads a file. Its error is the operating system's, with its path, or a
// *Problem if the file is no TOML.
func Load(name string) (*File, error) {
	r, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: syscall.EISDIR}
	}
	text, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, err
	}
	f := &File{Name: name, mode: info.Mode(), owner: -1}
	if len(text) > maxSize {
		return nil, &Problem{File: name, Text: "is longer than 1 MiB: it is hardly a configuration"}
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		f.owner = int(st.Uid)
	}
	return f, f.parse(text)
}

// Servers returns the names of all servers, sorted.
func (f *File) Servers() []string {
	var names []string
	for _, e := range slices.Concat(f.tables, f.entries) {
		if len(e.path) >= 2 && e.path[0] == tableServers && (len(e.path) > 2 || e.value.kind == 0) {
			names = append(names, e.path[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Has tells whether there is a server of this name.
func (f *File) Has(server string) bool { return slices.Contains(f.Servers(), server) }

// of returns the entries of a server, or with "" those of the defaults. Their
// paths are what follows the table's.
func (f *File) of(server string) (own []entry) {
	table := []string{tableDefaults}
	if server != "" {
		table = []string{tableServers, server}
	}
	for _, e := range f.entries {
		if len(e.path) > len(table) && slices.Equal(e.path[:len(table)], table) {
			own = append(own, entry{path: e.path[len(table):], value: e.value, at: e.at})
		}
	}
	return own
}

// place is where a server's table begins.
func (f *File) place(server string) position {
	for _, e := range slices.Concat(f.tables, f.entries) {
		if len(e.path) >= 2 && e.path[0] == tableServers && e.path[1] == server {
			return e.at
		}
	}
	return position{}
}

// At makes what is wrong with a server as a whole a Problem, at its key or, if it
// has not got that, at its table.
func (f *File) At(server, key string, err error) *Problem {
	at := f.place(server)
	for _, e := range f.of(server) {
		if e.key() == key {
			at = e.at
		}
	}
	return f.problem(at, "%s", err)
}

// key is the name of a setting as the flags have it.
func (e entry) key() string {
	return strings.ReplaceAll(strings.Join(e.path, "."), "_", "-")
}

// Exposed says that others may read the file although it holds a secret, and
// what to do; "" if all is well.
func (f *File) Exposed() string {
	if f.mode.Perm()&0o077 == 0 || !f.mode.IsRegular() || !slices.ContainsFunc(f.entries, entry.secret) {
		return ""
	}
	return fmt.Sprintf("%s holds a password and may be read by others (mode %04o): chmod 600 %s", f.Name, f.mode.Perm(), f.Name)
}

// secret reports whether a value is a password, or a URL with one.
func (e entry) secret() bool {
	if e.path[len(e.path)-1] == keyPassword {
		return true
	}
	_, rest, isURL := strings.Cut(e.value.text, "://")
	authority, _, _ := strings.Cut(rest, "/")
	user, _, has := strings.Cut(authority, "@")
	return isURL && has && strings.Contains(user, ":")
}

// MayRun tells why no command of this file should be run: somebody else could
// have written it. nil if nobody else could.
func (f *File) MayRun() *Problem {
	switch {
	case f.owner != 0 && f.owner != os.Geteuid():
		return &Problem{File: f.Name, Text: "has a command and belongs to another user: make it your own"}
	case f.mode.Perm()&0o022 != 0:
		return &Problem{File: f.Name, Text: fmt.Sprintf("has a command and may be written by others (mode %04o): chmod go-w %s", f.mode.Perm(), f.Name)}
	}
	return nil
}
