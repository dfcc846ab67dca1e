package config

import (
	"cmp"
	"slices"
	"strings"
)

// Check returns all that is wrong with a file, in the order of its lines. flags
// returns new ones for each call; more, which may be nil, is told of each server
// when its flags are set, and says what is wrong with the whole and at which key.
func (f *File) Check(flags func() Flags, more func(Server, Flags) (key string, err error)) (all []*Problem) {
	all = f.checkTables()
	for _, server := range append(f.Servers(), "") {
		before := len(all)
		for _, e := range f.of(server) {
			fl := flags()
			p := f.check(e, server, fl)
			if p == nil && !slices.Contains(ownKeys, e.key()) {
				p = f.set(e, fl.Set)
			}
			if p != nil {
				all = append(all, p)
			}
		}
		if len(all) == before && server != "" {
			all = append(all, f.checkServer(server, flags(), more)...)
		}
	}
	slices.SortStableFunc(all, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(all, func(a, b *Problem) bool { return *a == *b })
}

func (f *File) checkServer(server string, flags Flags, more func(Server, Flags) (string, error)) []*Problem {
	s, err := f.Apply(server, flags)
	if err != nil {
		return nil // of the defaults, which are told of by themselves
	}
	if s.URL == "" {
		return []*Problem{f.problem(f.place(server), `the server %s has no url: write url = "ftp://..." below [%s.%s]`, server, tableServers, server)}
	}
	if more == nil {
		return nil
	}
	if key, err := more(s, flags); err != nil {
		return []*Problem{f.At(server, key, err)}
	}
	return nil
}

// checkTables finds what is in no table that means something.
func (f *File) checkTables() (all []*Problem) {
	for _, e := range f.tables {
		if p := f.checkTable(e); p != nil {
			all = append(all, p)
		}
	}
	for _, e := range f.entries {
		name, path := e.path[0], strings.Join(e.path, ".")
		switch {
		case isTable(name) && len(e.path) == 1, name == tableServers && len(e.path) == 2:
			all = append(all, f.problem(e.at, "%s is a table: write [%s]", path, path))
		case !isTable(name) && len(e.path) == 1:
			all = append(all, f.problem(e.at, "%s is in no table: write it below [%s.NAME] or [%s]", path, tableServers, tableDefaults))
		}
	}
	return all
}

func (f *File) checkTable(e entry) *Problem {
	name := e.path[0]
	switch {
	case !isTable(name) && Nearest(name, topTables) != "":
		return f.problem(e.at, "there is no table %s%s", name, meant(name, topTables))
	case !isTable(name):
		return f.problem(e.at, "there is no table %s: write [%s.%s] for a server, or [%s]", name, tableServers, name, tableDefaults)
	case name == tableServers && len(e.path) > 1 && !validName(e.path[1]):
		return f.problem(e.at, "the server's name %q holds more than letters, digits, - _ and .", e.path[1])
	}
	return nil
}

var topTables = []string{tableServers, tableDefaults}

func isTable(name string) bool { return slices.Contains(topTables, name) }

// validName: a name is an argument, a part of a unit's name and of a file's.
func validName(s string) bool {
	return s != "" && s[0] != '-' && s[0] != '.' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
}
