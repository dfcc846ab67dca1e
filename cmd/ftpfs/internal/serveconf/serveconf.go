package serveconf

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"ftpfs/cmd/ftpfs/internal/config"
	"ftpfs/ftpserver"
)

// File is a configuration that was read and makes sense.
type File struct {
	Name      string     `toml:"-"`
	Users     []User     `toml:"user"`
	Anonymous *Anonymous `toml:"anonymous"`
	TFTP      *TFTP      `toml:"tftp"`

	all map[string]any
	at  map[string]position // of tables and keys: user.0.folder.1.dir
}

// User is an account.
type User struct {
	Name        string   `toml:"name"`
	Password    string   `toml:"password"` // hash; "": in the file of passwords
	Quota       Size     `toml:"quota"`    // 0: none
	Rate        Size     `toml:"rate"`     // bytes per second, 0: no limit
	MaxSessions int      `toml:"max-sessions"`
	Folders     []Folder `toml:"folder"`
}

// Anonymous is everyone without an account.
type Anonymous struct {
	Quota       Size     `toml:"quota"`
	Rate        Size     `toml:"rate"`
	MaxSessions int      `toml:"max-sessions"`
	Folders     []Folder `toml:"folder"`
}

// TFTP is what is served by TFTP.
type TFTP struct {
	Listen  string   `toml:"listen"`
	MaxSize Size     `toml:"max-size"` // of an upload, 0: the default
	Quota   Size     `toml:"quota"`
	Folders []Folder `toml:"folder"`
}

// Folder is a directory of the host and where it appears.
type Folder struct {
	At        string `toml:"at"`
	Dir       string `toml:"dir"`
	Access    Access `toml:"access"`
	List      bool   `toml:"list"`      // of "upload": may be listed
	Read      bool   `toml:"read"`      // of "upload": files may be read
	Overwrite bool   `toml:"overwrite"` // of "upload": what is there may be changed
	Mkdir     bool   `toml:"mkdir"`     // of "upload": directories may be made
}

// Writes reports whether clients can bring anything there.
func (f Folder) Writes() bool { return f.Access != Read }

// Restrictions are what clients may not do.
func (f Folder) Restrictions() ftpserver.Access {
	switch f.Access {
	case Write:
		return ftpserver.Access{}
	case Upload:
		return ftpserver.Access{WriteOnce: !f.Overwrite, NoMkdir: !f.Mkdir, NoRead: !f.Read, NoList: !f.List}
	}
	return ftpserver.Access{ReadOnly: true}
}

// Access is what clients may do in a folder.
type Access int

// The kinds of access.
const (
	Read   Access = iota
	Write         // everything
	Upload        // bring new files, and no more unless it is said
)

// UnmarshalText reads one of the words.
func (a *Access) UnmarshalText(text []byte) error {
	switch string(text) {
	case "read":
		*a = Read
	case "write":
		*a = Write
	case "upload":
		*a = Upload
	default:
		return fmt.Errorf("access %q is not known: write read, write or upload", text)
	}
	return nil
}

// Size is a number of bytes: 1000, "64K", "10G" (powers of 1024).
type Size int64

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	digits, shift := strings.ToUpper(string(text)), 0
	digits = strings.TrimSuffix(strings.TrimSuffix(digits, "B"), "I")
	if n := len(digits); n > 0 {
		if i := strings.IndexByte("KMGT", digits[n-1]); i >= 0 {
			digits, shift = digits[:n-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > 1<<62>>shift {
		return fmt.Errorf("%q is not a size: write bytes or a number with K, M, G or T, such as \"10G\"", text)
	}
	*s = Size(n << shift)
	return nil
}

// maxSize bounds what is read of a file, in bytes.
const maxSize = 1 << 20

// Load reads a file and checks it. settings are the keys that may stand before
// the tables. The error is the system's or a *config.Problem.
func Load(name string, settings []string) (*File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f := &File{Name: name}
	if len(text) > maxSize {
		return nil, f.problem("", "is longer than 1 MiB: it is hardly a configuration")
	}
	if err := f.locate(text, settings); err != nil {
		return nil, err
	}
	if err := errors.Join(toml.Unmarshal(text, f), toml.Unmarshal(text, &f.all)); err != nil {
		return nil, f.notTOML(err)
	}
	return f, f.check()
}

func (f *File) notTOML(err error) error {
	var d *toml.DecodeError
	if !errors.As(err, &d) {
		return f.problem("", "%s", err)
	}
	line, column := d.Position()
	return &config.Problem{File: f.Name, Line: line, Column: column, Text: strings.TrimPrefix(d.Error(), "toml: ")}
}

// Setting is a key before the tables, with its values as a flag takes them.
type Setting struct {
	Name   string
	Values []string
}

// Settings returns those that are there.
func (f *File) Settings() (all []Setting) {
	for name, value := range f.all {
		switch v := value.(type) {
		case map[string]any:
		case []any:
			if _, table := tables[name]; table {
				continue
			}
			s := Setting{Name: name}
			for _, item := range v {
				s.Values = append(s.Values, fmt.Sprint(item))
			}
			all = append(all, s)
		default:
			all = append(all, Setting{name, []string{fmt.Sprint(v)}})
		}
	}
	return all
}

// Problem says what is wrong with the value of a setting.
func (f *File) Problem(setting string, err error) error { return f.problem(setting, "%s", err) }
