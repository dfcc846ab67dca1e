package cache

import (
	"errors"
	"io/fs"
	"strings"
	"time"
)

// diskTask is what the worker does to the disk: it puts in a block, or forgets a
// path, or a tree.
type diskTask struct {
	k    blockKey
	data []byte // nil: k.path is to be forgotten
	done func()
	tree bool
}

// forgets tells whether a path is forgotten by the task.
func (t *diskTask) forgets(path string) bool {
	return t.data == nil && (path == t.k.path || t.tree && below(path, t.k.path))
}

// below tells whether an absolute path is within a directory.
func below(p, dir string) bool {
	return strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}

// put has a block written, whole and of an exact version; others are not kept. It
// does not wait: if too much is waiting already, or the disk does not take it, the
// block is not kept. data must not change until done is called, which is so in any
// case, perhaps before put returns, and holding no lock.
func (d *diskCache) put(k blockKey, data []byte, done func()) {
	d.mu.Lock()
	take := keepable(k) && int64(len(data)) == blockLen(k) && !d.closed && !d.distrust &&
		d.queued+int64(len(data)) <= diskQueue && !time.Now().Before(d.pause)
	if take {
		d.queued += int64(len(data))
		d.push(diskTask{k: k, data: data, done: done})
	}
	d.mu.Unlock()
	if !take {
		done()
	}
}

// forget drops what there is of a file. It does not wait for the disk, but get
// does not find the file from now on, and what is put from now on stays.
func (d *diskCache) forget(path string) { d.drop(path, false) }

// forgetTree drops what there is of a path and of everything below it, as forget.
func (d *diskCache) forgetTree(path string) { d.drop(path, true) }

func (d *diskCache) drop(path string, tree bool) {
	t := diskTask{k: blockKey{path: path}, tree: tree}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || !fits(path) {
		return
	}
	for _, p := range d.entries.Keys() {
		if t.forgets(p) {
			d.entries.Remove(p)
		}
	}
	d.drops++
	d.forgotten = append(d.forgotten, t)
	d.push(t)
}

// push queues a task. The caller holds mu.
func (d *diskCache) push(t diskTask) {
	d.queue = append(d.queue, t)
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// close writes what is queued, as far as that is done within some seconds, and
// lets go of the directory. What is to be forgotten is forgotten in any case,
// unless the disk does not answer at all.
func (d *diskCache) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	close(d.wake)
	select {
	case <-d.ended:
	case <-time.After(diskFarwell):
		d.log.Warn("the disk of the cache directory does not answer", "dir", d.dir)
	}
}

// work does what is queued, and ends when the cache is closed.
func (d *diskCache) work() {
	defer close(d.ended)
	defer d.finish()
	d.tidy()
	var until time.Time // for what is written after the close
	for {
		_, open := <-d.wake
		if !open && until.IsZero() {
			until = time.Now().Add(diskFarwell / 2)
		}
		for d.step(open || time.Now().Before(until)) {
		}
		if !open {
			return
		}
	}
}

// step does the next task, if there is one; it does not write unless told to.
func (d *diskCache) step(write bool) bool {
	d.mu.Lock()
	if len(d.queue) == 0 {
		if d.trash {
			d.trash = false
			d.mu.Unlock()
			d.tidy()
			return true
		}
		d.working = false
		d.idle.Broadcast()
		d.mu.Unlock()
		return false
	}
	t := d.queue[0]
	d.queue = d.queue[1:]
	d.working = true
	write = write && !d.distrust && !d.isForgotten(t.k.path) && !time.Now().Before(d.pause)
	drops := d.drops
	d.mu.Unlock()
	switch {
	case t.data == nil:
		d.forgetNow(t)
	case write:
		d.wrote(d.write(t.k, t.data, drops))
	}
	if t.done != nil {
		t.done()
	}
	d.mu.Lock()
	d.queued -= int64(len(t.data))
	d.mu.Unlock()
	return true
}

// wrote takes how a write went. After a failure nothing is written for a while,
// which is logged unless it is so since the last failure.
func (d *diskCache) wrote(err error) {
	d.mu.Lock()
	first := err != nil && !d.sick
	d.sick = err != nil
	if err != nil {
		d.pause = time.Now().Add(diskPause)
	}
	d.mu.Unlock()
	if first {
		d.log.Warn("nothing is added to the cache directory for a while", "dir", d.dir, "error", err)
	}
}

// write puts a block into its entry; drops is as for lookup.
func (d *diskCache) write(k blockKey, data []byte, drops uint64) error {
	e := d.lookup(k, drops)
	if e == nil {
		if ok, err := d.afford(diskEntryCost); !ok {
			return err
		}
		var err error
		e, err = createDiskEntry(d.home, k.path, k.version)
		if errors.Is(err, fs.ErrExist) {
			return nil // another process is at it
		}
		if err != nil {
			return err
		}
		if e = d.enter(e, drops); e == nil {
			return nil // it is to be forgotten, perhaps
		}
	}
	if ok, err := d.afford((int64(len(data)) + diskUnit - 1) / diskUnit * diskUnit); !ok {
		return err
	}
	err := e.write(k.index, data)
	if errors.Is(err, fs.ErrClosed) {
		return nil // others have been opened meanwhile
	}
	return err
}

// forgetNow drops the files of what is to be forgotten. Where that fails nothing
// that is there can be believed any more.
func (d *diskCache) forgetNow(t diskTask) {
	name := treeName(t.k.path)
	err := removeDiskEntry(d.home, name)
	if err == nil && t.tree {
		err = discard(d.home, name)
	}
	d.mu.Lock()
	d.forgotten = d.forgotten[1:]
	d.trash = d.trash || t.tree
	first := err != nil && !d.distrust
	d.distrust = d.distrust || err != nil
	d.mu.Unlock()
	if first {
		d.log.Error("the cache directory is not used any more: remove it before the next mount, some of it is out of date", "dir", d.dir, "error", err)
	}
}

// tidy deletes what was thrown away.
func (d *diskCache) tidy() {
	if err := emptyTrash(d.home); err != nil {
		d.log.Debug("the trash of the cache directory", "dir", d.dir, "error", err)
	}
}

// finish lets go of everything.
func (d *diskCache) finish() {
	d.repay()
	d.mu.Lock()
	d.over = true
	d.entries.Purge()
	d.mu.Unlock()
	d.closeRoots()
}
