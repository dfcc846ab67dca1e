package cache

import (
	"time"

	"ftpfs/ftpclient"
)

// keepTimes takes over the times of an older listing where the new ones say the
// same less exactly, as those of LIST do of something made or touched here:
// programs take a time that goes back to the full minute for a change. They
// stay inexact: something may have changed within the minute.
func (l *listing) keepTimes(old *listing) {
	for i := range l.rows {
		r := l.at(i)
		if r.bits&gone != 0 || r.bits&odd == 0 && r.precision() <= time.Second {
			continue
		}
		e := l.entry(i)
		j, ok := old.find(e.Name)
		if !ok || e.Precision <= time.Second || old.at(j).kind() != e.Type {
			continue
		}
		before := old.entry(j)
		if more := before.ModTime.Sub(e.ModTime); more > 0 && more < e.Precision {
			l.setTime(i, before.ModTime, e.Precision)
		}
	}
}

// retime moves the times that are not exact, as move says; nil moves none.
func (l *listing) retime(move func(*ftpclient.Entry)) {
	for i := range l.rows {
		r := l.at(i)
		if move == nil || r.bits&gone != 0 || r.bits&odd == 0 && r.precision() <= time.Second {
			continue
		}
		var e ftpclient.Entry // move needs no strings
		if r.unpack(&e); r.bits&odd != 0 {
			e = l.odd[i]
		}
		before := e.ModTime
		if e.Precision <= time.Second {
			continue
		}
		if move(&e); !e.ModTime.Equal(before) {
			l.setTime(i, e.ModTime, e.Precision)
		}
	}
}

// setTime changes the time of the entry at a place.
func (l *listing) setTime(i int, t time.Time, precision time.Duration) {
	e := l.entry(i)
	e.ModTime, e.Precision = t, precision
	l.write(i, e.Name, &e)
}

// subdirs returns the names of the directories.
func (l *listing) subdirs() (names []string) {
	if l.dirs == 0 {
		return nil
	}
	for i := range l.rows {
		if l.at(i).kind() == ftpclient.TypeDir && l.at(i).bits&gone == 0 {
			names = append(names, l.name(i))
		}
	}
	return names
}
