package cache

// behindMost is how much of a file that is too large to be kept stays behind its
// reader, in octets.
const behindMost = 16 * blockSize

// passed notes that a reader has had a block up to its end. What a reader in order
// of a file larger than the whole budget has behind him is dropped, if nobody else
// has the file open: it would be gone before anybody came to it again, and its
// memory serves for what comes next while it is in the processor's caches.
func (t *fetcher) passed(r *run, k blockKey) {
	b := t.f.v.blocks
	if r == nil || k.size <= b.budget || !t.f.isAlone() {
		return
	}
	t.mu.Lock()
	if !r.steady {
		t.mu.Unlock()
		return
	}
	var last blockKey
	t.behind = append(t.behind, k)
	if int64(len(t.behind)) > min(behindMost, t.f.v.share())/blockSize {
		last, t.behind = t.behind[0], t.behind[1:]
	}
	t.mu.Unlock()
	if last.path != "" {
		b.discard(last)
	}
}

// isAlone tells whether only one has the file open.
func (f *File) isAlone() bool {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.refs == 1
}
