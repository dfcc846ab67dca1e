package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The journal is in the spool directory: a file for each upload (upload-*.json) that
// is to be finished by the next volume if this one does not live to see its end, and
// one for each temporary name on the server (names-*.json) that is to be cleared
// away then. A record is written under another name and renamed, and removed when it
// is done with. Records are files of their own because each has one writer and is
// written once, is found by listing, and can be looked at and mended by a person; a
// database would add pages and an fsync of its own to each close.
//
// What is accepted for later (Options.WriteBack) is fsynced with its record, and so
// outlives the machine's end. All other records only outlive the process: they are
// there to clear up, and to finish what no close has acknowledged. After the
// machine's end, temporary names are cleared away when they are a day old.

const (
	uploadRecords = "upload-*.json"
	nameRecords   = "names-*.json"
)

// rawName is a name of any octets, which JSON alone cannot hold.
type rawName string

func (n rawName) MarshalText() ([]byte, error) {
	q := strconv.QuoteToASCII(string(n))
	return []byte(q[1 : len(q)-1]), nil
}

func (n *rawName) UnmarshalText(b []byte) error {
	s, err := strconv.Unquote(`"` + string(b) + `"`)
	*n = rawName(s)
	return err
}

// uploadRecord is a file with content that the server does not have.
type uploadRecord struct {
	Root rawName `json:"root"`
	Path rawName `json:"path"`

	Spool string     `json:"spool"` // name in the spool directory
	Have  [][2]int64 `json:"have"`  // what of the content is in it
	Base  int64      `json:"base"`  // octets of the server's version that show where it has nothing
	Kept  int64      `json:"kept"`  // octets that are as in that version
	// Held is the temporary file that the first Base octets are in, in place of that
	// version: they have left the spool.
	Held rawName `json:"held,omitempty"`

	OnServer  bool          `json:"on_server"`
	Size      int64         `json:"size"` // of the server's version, as the next three
	Time      time.Time     `json:"time"`
	Set       time.Time     `json:"set"`
	Precision time.Duration `json:"precision"`
	OldMode   *uint32       `json:"old_mode,omitempty"`

	Mode    uint32     `json:"mode"` // as shown
	SetMode *uint32    `json:"set_mode,omitempty"`
	SetTime *time.Time `json:"set_time,omitempty"`

	Accepted bool      `json:"accepted"` // a close has acknowledged it
	Since    time.Time `json:"since"`
	// Failed is why it is not tried any more, unless somebody says so.
	Failed string `json:"failed,omitempty"`
	// Unclosed: it was written to after that was noted (see openRecords).
	Unclosed bool `json:"unclosed,omitempty"`
}

// nameRecord is what is to be done about names on the server.
type nameRecord struct {
	Root   rawName `json:"root"`
	Delete rawName `json:"delete,omitempty"` // a temporary file
	// Aside is a file that was moved away from To, to make room.
	Aside rawName `json:"aside,omitempty"`
	To    rawName `json:"to,omitempty"`
	// Begun is a new file of which the server has a beginning; Kept, in the spool
	// directory, has all of it, and is deleted with the record if it is Own: the file
	// was removed. From and Until are when it was sent.
	Begun rawName   `json:"begun,omitempty"`
	Kept  string    `json:"kept,omitempty"`
	Own   bool      `json:"own,omitempty"`
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// writeRecord writes a record and returns its name. With durable it outlives the
// machine's end.
func writeRecord(dir, pattern string, record any, durable bool) (name string, err error) {
	text, err := json.Marshal(record)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, strings.TrimSuffix(pattern, ".json")+".tmp") // 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(append(text, '\n'))
	if err == nil && durable {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		prefix := filepath.Join(dir, strings.TrimSuffix(pattern, "*.json"))
		id := strings.TrimSuffix(strings.TrimPrefix(f.Name(), prefix), ".tmp")
		name, err = renameFree(f.Name(), prefix, id, ".json")
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	if durable {
		err = syncDir(dir)
	}
	return name, err
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Fsync(int(d.Fd()))
}

// removeRecord ends a record; "" is none.
func (v *Volume) removeRecord(name string) {
	if name == "" {
		return
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.log.Warn("a record of the journal could not be removed", "error", err)
	}
}

// noteName records that temp is about to be made on the server, and returns what
// ends the record, once temp is not there any more. Without a record the name is
// cleared away when it is a day old.
func (v *Volume) noteName(temp string) (end func()) {
	return v.note(nameRecord{Root: rawName(v.opts.Root), Delete: rawName(temp)})
}

func (v *Volume) note(r nameRecord) (end func()) {
	name, err := writeRecord(v.opts.SpoolDir, nameRecords, r, false)
	if err != nil {
		v.once("the journal cannot be written", "error", err)
	}
	return func() { v.removeRecord(name) }
}

// note records the unsent file at p, unless that was done since it was written to;
// durably, with its content, if a close acknowledges it, or one has. The caller holds the
// turn.
func (f *File) note(p string, accepted bool) error {
	for {
		again, err := f.noteOnce(p, accepted)
		if !again {
			return err
		}
	}
}

// noteOnce is note, unless something has left the spool meanwhile.
func (f *File) noteOnce(p string, accepted bool) (again bool, err error) {
	f.mu.Lock()
	f.mark(true) // also an empty one
	accepted = accepted || f.accepted
	r, old, s := f.record(p, accepted), f.noted, f.spool
	current := old != "" && !f.unnoted && (f.accepted || !accepted)
	f.mu.Unlock()
	if current || r == nil {
		return false, nil
	}
	if accepted {
		if err := s.file.Sync(); err != nil {
			return false, err
		}
	}
	name, err := writeRecord(f.v.opts.SpoolDir, uploadRecords, r, accepted)
	if err != nil {
		return false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.noted != old {
		f.v.removeRecord(name)
		return true, nil
	}
	f.noted, f.unnoted, f.accepted = name, false, accepted
	f.v.removeRecord(old)
	return false, nil
}

// noteCut has the record tell, before the octets before size leave the spool, that they
// are in the temporary file held: what a close has acknowledged must be found again, and
// what nobody has must not be taken for whole. If they do not leave, it is told once more
// with what is held so far. The caller holds mu.
func (f *File) noteCut(p, held string, size int64) error {
	old := f.noted
	if old == "" {
		return nil
	}
	r, pattern := f.record(p, f.accepted), uploadRecords
	r.Held, r.Base, r.Have = rawName(held), max(r.Base, size), nil
	for _, s := range f.spool.have.without(size) {
		r.Have = append(r.Have, [2]int64{s.lo, s.hi})
	}
	if isOpenRecord(old) {
		pattern, r.Failed, r.Unclosed = openRecords, errUnclosed.Error(), true
	}
	if f.accepted {
		if err := f.spool.file.Sync(); err != nil {
			return err
		}
	}
	name, err := writeRecord(f.v.opts.SpoolDir, pattern, r, f.accepted)
	if err != nil {
		return err
	}
	f.noted = name
	f.v.removeRecord(old)
	return nil
}

// record is the file's state; nil without a spool. The caller holds mu.
func (f *File) record(p string, accepted bool) *uploadRecord {
	if f.spool == nil {
		return nil
	}
	r := &uploadRecord{Root: rawName(f.v.opts.Root), Path: rawName(p), Spool: filepath.Base(f.spool.name), Base: f.spool.base,
		Kept: f.kept, Held: rawName(f.held.name), OnServer: f.onServer,
		Size: f.seen.size, Time: f.seen.time, Set: f.seen.set, Precision: f.seen.precision,
		Mode: f.attr.Mode, SetMode: f.setMode, SetTime: f.setTime, Accepted: accepted, Since: time.Now().UTC()}
	for _, s := range f.spool.have {
		r.Have = append(r.Have, [2]int64{s.lo, s.hi})
	}
	if f.hasMode {
		mode := f.baseMode
		r.OldMode = &mode
	}
	return r
}

// noteKept records what could not be uploaded and is kept in a file. The caller holds mu.
func (f *File) noteKept(p, kept string, cause error) {
	r, old := f.record(p, false), f.noted
	r.Spool, r.Failed = filepath.Base(kept), cause.Error()
	if _, err := writeRecord(f.v.opts.SpoolDir, uploadRecords, r, false); err != nil {
		f.v.once("the journal cannot be written", "error", err)
	}
	f.v.removeRecord(old)
}

// unnote ends the record of a file. The caller holds mu.
func (f *File) unnote() {
	f.v.removeRecord(f.noted)
	f.noted, f.accepted = "", false
}

// readRecord reads a record of this volume's root.
func readRecord(name string, record any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, record); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
