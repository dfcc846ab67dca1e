package ftpclient

import (
	"slices"
	"time"
)

// park offers a download's connection to whoever needs one.
func (p *pool) park(d *Download) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.yielded(d)
	if d.taken || slices.Contains(p.parked, d) {
		return
	}
	if p.waiters.Len() > 0 {
		d.taken = true
		p.serve(grant{download: d})
		return
	}
	d.parkedAt = time.Now()
	p.parked = append(p.parked, d)
	p.arm()
}

// unpark ends the offer, or reports that it was taken.
func (p *pool) unpark(d *Download) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.parked, d); i >= 0 {
		p.parked = slices.Delete(p.parked, i, i+1)
	}
	return !d.taken
}

// claimEnd makes the caller the one who ends a download, or reports that
// somebody else has.
func (p *pool) claimEnd(d *Download) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d.taken {
		return false
	}
	d.taken = true
	if i := slices.Index(p.parked, d); i >= 0 {
		p.parked = slices.Delete(p.parked, i, i+1)
	}
	return true
}

// forget notes that a download has given its connection back.
func (p *pool) forget(d *Download) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.yielded(d)
}

// takeParked takes the longest parked download. mu is held.
func (p *pool) takeParked() *Download {
	d := p.parked[0]
	p.parked = p.parked[1:]
	d.taken = true
	return d
}
