package settings

import (
	"fmt"
	"os/user"
	"strconv"

	"github.com/spf13/pflag"
)

// ownerID is a flag for a user or a group, by number or by name.
type ownerID struct {
	id    *uint32
	named func(name string) (string, error)
	what  string
}

// UserID is a flag for id, that of a user.
func UserID(id *uint32) pflag.Value {
	return &ownerID{id, func(name string) (string, error) {
		u, err := user.Lookup(name)
		if err != nil {
			return "", err
		}
		return u.Uid, nil
	}, "user"}
}

// GroupID is a flag for id, that of a group.
func GroupID(id *uint32) pflag.Value {
	return &ownerID{id, func(name string) (string, error) {
		g, err := user.LookupGroup(name)
		if err != nil {
			return "", err
		}
		return g.Gid, nil
	}, "group"}
}

func (o *ownerID) Type() string   { return "id" }
func (o *ownerID) String() string { return strconv.FormatUint(uint64(*o.id), 10) }

func (o *ownerID) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		number, nameErr := o.named(s)
		if nameErr != nil {
			return fmt.Errorf("there is no %s %q: give a name of this machine, or a number", o.what, s)
		}
		if n, err = strconv.ParseUint(number, 10, 32); err != nil {
			return err
		}
	}
	*o.id = uint32(n)
	return nil
}
