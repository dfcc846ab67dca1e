// Package passwd makes, checks and stores hashed passwords: bcrypt
// (golang.org/x/crypto/bcrypt), one line NAME:HASH for each user in a file, as
// htpasswd -B of Apache writes it.
package passwd

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/crypto/bcrypt"
)

// ErrTooLong is that bcrypt would not look at all of a password.
var ErrTooLong = errors.New("the password has more than 72 bytes, of which bcrypt takes no more: choose a shorter one")

// Hash returns the hash of a password, which takes some 0.1 s on purpose.
func Hash(password string) (string, error) {
	if password == "" {
		return "", errors.New("the password is empty: give one")
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if errors.Is(err, bcrypt.ErrPasswordTooLong) {
		err = ErrTooLong
	}
	return string(hash), err
}

// Valid reports whether hash is one that Hash could have returned.
func Valid(hash string) bool {
	_, err := bcrypt.Cost([]byte(hash))
	return err == nil
}

// ValidName reports whether a user may be called so.
func ValidName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r == ':' || unicode.IsControl(r) || unicode.IsSpace(r) })
}

// Checker checks a user's password against a hash. The password that was right
// last is known again at once, by a keyed digest that lives as long as the
// process: clients log in with each of their connections. It is safe for
// concurrent use.
type Checker struct {
	hash []byte
	key  [32]byte

	mu   sync.Mutex
	last []byte // digest of the right password; nil: none yet
}

// NewChecker returns the checker of one hash.
func NewChecker(hash string) *Checker {
	c := &Checker{hash: []byte(hash)}
	rand.Read(c.key[:]) // never fails
	return c
}

// Check reports whether this is the password. A wrong one takes the time of a
// hash.
func (c *Checker) Check(password string) bool {
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write([]byte(password))
	digest := mac.Sum(nil)
	c.mu.Lock()
	known := c.last != nil && hmac.Equal(digest, c.last)
	c.mu.Unlock()
	if known {
		return true
	}
	if bcrypt.CompareHashAndPassword(c.hash, []byte(password)) != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = digest
	return true
}

// Users are hashes by name.
type Users map[string]string

// Read reads a file of users. Empty lines and those that begin with # do not
// count. An error names the line, and never what is in it.
func Read(name string) (Users, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	users := make(Users)
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		user, hash, _ := strings.Cut(line, ":")
		_, twice := users[user]
		switch {
		case !ValidName(user) || !Valid(hash):
			return nil, fmt.Errorf("%s:%d: not NAME:HASH with a hash of bcrypt: write it with ftpfs serve passwd --file %s NAME", name, n, name)
		case twice:
			return nil, fmt.Errorf("%s:%d: the user %s is there twice: remove one of the lines", name, n, user)
		}
		users[user] = hash
	}
	return users, lines.Err()
}

// Set gives a user in a file another hash, or "" to remove the user. The file
// is replaced as a whole, keeps its other lines and mode, and is made for its
// owner alone if it is not there.
func Set(name, user, hash string) error {
	text, err := os.ReadFile(name)
	mode := os.FileMode(0o600)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	lines := slices.DeleteFunc(strings.SplitAfter(string(text), "\n"), func(line string) bool {
		return line == "" || strings.HasPrefix(strings.TrimSpace(line), user+":")
	})
	kept := strings.TrimSuffix(strings.Join(lines, ""), "\n")
	if kept != "" {
		kept += "\n"
	}
	if hash != "" {
		kept += user + ":" + hash + "\n"
	}
	return replace(name, kept, mode)
}

// replace writes a file beside name and puts it in its place.
func replace(name, text string, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// Nobody is a hash to check the passwords of users against who do not exist, so
// that a refusal takes as long as theirs who do.
const Nobody = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
