package manage

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/mounts"
)

// statusFinder finds mounts and asks their processes.
type statusFinder struct {
	dirs  []string // where state files are
	table []mountpoints.Entry
}

// all reports on all mounts of this user, and on those that have ended with a
// failure of which nobody has been told. They are asked at the same time: one that
// is silent is waited for.
func (f *statusFinder) all(ctx context.Context) []Report {
	places := f.places()
	found := make([]*Report, len(places))
	var work sync.WaitGroup
	for i, dir := range places {
		work.Go(func() { found[i] = f.one(ctx, dir) })
	}
	work.Wait()
	reports := []Report{}
	for i, dir := range places {
		r := found[i]
		if r == nil || r.State == "foreign" || r.State == "dead" && !f.inTable(dir) {
			continue
		}
		reports = append(reports, *r)
	}
	return reports
}

// places are the mount points of our mounts, and those that state files name.
func (f *statusFinder) places() (dirs []string) {
	dirs = mountpoints.Ours(f.table)
	for _, dir := range f.dirs {
		names, _ := filepath.Glob(filepath.Join(dir, "mount-*.json")) // the pattern is well formed
		for _, name := range names {
			if known, err := mounts.Open(name); err == nil {
				dirs = append(dirs, string(known.Mountpoint))
				known.Close()
			}
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

func (f *statusFinder) inTable(dir string) bool {
	m, ok := mountpoints.At(f.table, dir)
	return ok && m.Type == mountpoints.FSType
}

// one reports on what is at dir; nil: nothing of ours is, or was.
func (f *statusFinder) one(ctx context.Context, dir string) *Report {
	known := mounts.Find(f.dirs, dir)
	if known == nil {
		if !f.inTable(dir) {
			return nil
		}
		m, _ := mountpoints.At(f.table, dir)
		return f.unknown(dir, m)
	}
	defer known.Close()
	r := &Report{Mountpoint: dir, Source: string(known.Source), PID: known.PID, State: "mounted"}
	alive, err := known.Alive()
	switch {
	case err != nil:
		r.State, r.Problem = "silent", err.Error()
	case !alive:
		f.ended(r, known)
	default:
		f.ask(ctx, r, known)
	}
	return r
}

// unknown reports on a mount without a state file that can be read.
func (f *statusFinder) unknown(dir string, m mountpoints.Entry) *Report {
	r := &Report{Mountpoint: dir, Source: m.Source, State: "foreign", Problem: "no process of this user serves it",
		Mend: "ask as the user who has mounted it, or as root"}
	if mountpoints.IsDead(dir, f.dirs) {
		r.State, r.Problem, r.Mend = "dead", "its process has died", mendDead(dir)
	}
	return r
}

// ask has the process tell what it does.
func (f *statusFinder) ask(ctx context.Context, r *Report, known *mounts.Known) {
	if !f.inTable(r.Mountpoint) {
		r.State, r.Problem = "ending", fmt.Sprintf("nothing is mounted: process %d is still at work, or has just begun", known.PID)
		r.Mend = "wait, or see ftpfs uploads " + r.Mountpoint
	}
	ans, err := known.Ask(ctx, mounts.Request{Do: "status"})
	if err == nil && ans.Status == nil {
		err = errors.New("its answer has no status")
	}
	if err != nil {
		r.State, r.Problem = "silent", err.Error()
		r.Mend = fmt.Sprintf("kill -USR1 %d has it write its state to the log; ftpfs umount --force %s ends it", known.PID, r.Mountpoint)
		return
	}
	r.Status = ans.Status
}

// ended reports on a mount without a process.
func (f *statusFinder) ended(r *Report, known *mounts.Known) {
	switch {
	case f.inTable(r.Mountpoint):
		r.State, r.Problem, r.Mend = "dead", fmt.Sprintf("process %d has died: the mount is of no use", known.PID), mendDead(r.Mountpoint)
	case known.Failed != "":
		r.State, r.Problem = "failed", string(known.Failed)
		r.Mend = fmt.Sprintf("ftpfs mount %s %s again finishes what can be; ftpfs umount %s forgets this", known.Source, r.Mountpoint, r.Mountpoint)
	default:
		r.State, r.Problem = "dead", fmt.Sprintf("process %d has died, and nothing is mounted any more", known.PID)
		r.Mend = "mount it again: what was not uploaded is finished then"
	}
}

func mendDead(dir string) string {
	return fmt.Sprintf("ftpfs umount %s, or mount it again in its place: what was not uploaded is finished then", dir)
}
