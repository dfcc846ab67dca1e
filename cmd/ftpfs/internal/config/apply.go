package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/spf13/pflag"
)

// Flags are what a file may set.
type Flags struct {
	Set *pflag.FlagSet // what is set; a key that is not among it is left alone
	All *pflag.FlagSet // what keys there are; others are a mistake. nil: those of Set

	Not     []string // flags that a file cannot set
	Secrets []string // flags that say where the password is: one of them puts the others aside
}

// Server is what a file says of a server, beside the flags.
type Server struct {
	URL, Mountpoint string
	Password        string
	HasPassword     bool
}

// Apply sets the flags that were not set before from the table of a server, and
// those that are not set then from the defaults. With server "" it takes the
// defaults alone. Its error is a *Problem.
func (f *File) Apply(server string, flags Flags) (s Server, err error) {
	for _, name := range slices.Compact([]string{server, ""}) {
		secret := s.HasPassword || flags.secretGiven()
		given := flags.changed()
		for _, e := range f.of(name) {
			if p := f.check(e, name, flags); p != nil {
				return s, p
			}
			key := e.key()
			switch {
			case key == keyPassword:
				if !secret {
					s.Password, s.HasPassword = e.value.text, true
				}
			case key == keyURL:
				s.URL = e.value.text
			case key == keyMountpoint:
				s.Mountpoint = home(e.value.text)
			case given[key] || secret && slices.Contains(flags.Secrets, key):
			default:
				if p := f.set(e, flags.Set); p != nil {
					return s, p
				}
			}
		}
	}
	return s, nil
}

// changed are the flags that have been set.
func (fl Flags) changed() map[string]bool {
	given := make(map[string]bool)
	fl.Set.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	return given
}

func (fl Flags) secretGiven() bool {
	return slices.ContainsFunc(fl.Secrets, fl.Set.Changed)
}

// keys are all that a table may have.
func (fl Flags) keys() []string {
	all := fl.All
	if all == nil {
		all = fl.Set
	}
	keys := slices.Clone(ownKeys)
	all.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(fl.Not, f.Name) {
			keys = append(keys, f.Name)
		}
	})
	return keys
}

// check says what is wrong with a key, or with the kind of the value of one that
// is no flag.
func (f *File) check(e entry, server string, flags Flags) *Problem {
	key, keys := e.key(), flags.keys()
	switch {
	case !slices.Contains(keys, key):
		return f.problem(e.at, "there is no setting %s%s", strings.Join(e.path, "."), meant(key, keys))
	case server == "" && (key == keyURL || key == keyMountpoint):
		return f.problem(e.at, "%s belongs to one server: write it below [%s.NAME]", key, tableServers)
	case slices.Contains(ownKeys, key) && e.value.kind != unstable.String:
		return f.problem(e.at, `%s: write a text in quotes: "..."`, key)
	}
	return nil
}

// set gives a flag its value, if there is the flag.
func (f *File) set(e entry, flags *pflag.FlagSet) *Problem {
	fl := flags.Lookup(e.key())
	if fl == nil {
		return nil
	}
	texts, err := e.value.texts(fl.Value.Type())
	if err != nil {
		return f.problem(e.at, "%s: %s", e.key(), err)
	}
	for _, text := range texts {
		if text = home(text); e.key() == keyCommand && f.MayRun() != nil {
			return f.MayRun()
		}
		if err := flags.Set(fl.Name, text); err != nil {
			return f.problem(e.at, "%s: %s", e.key(), BadValue(fl, text, errors.Unwrap(err)))
		}
	}
	return nil
}

// home puts the home directory in the place of ~ in ~/name.
func home(text string) string {
	rest, ok := strings.CutPrefix(text, "~/")
	dir, err := os.UserHomeDir()
	if !ok || err != nil {
		return text
	}
	return filepath.Join(dir, rest)
}
