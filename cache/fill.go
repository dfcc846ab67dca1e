package cache

import (
	"context"
	"io"

	"ftpfs/ftpclient"
)

// complete fetches what the spool lacks of the server's version.
func (f *File) complete(ctx context.Context) error {
	for try := 1; ; try++ {
		err := f.fillGaps(ctx, false, func() {})
		if err == nil || !f.v.again(err, try) {
			return err
		}
	}
}

// fillGaps fetches the gaps in order, reading through what lies between two
// that are near each other, and calls grew when it has begun and after each piece.
// spare is that of RetrieveOptions.
func (f *File) fillGaps(ctx context.Context, spare bool, grew func()) error {
	var stream Stream
	defer func() {
		if stream != nil {
			stream.Close()
		}
	}()
	path, base, _ := f.source()
	part := f.partly(base)
	pos := int64(0)
	var got ranges
	for {
		g, ok := f.gap()
		if !ok {
			return nil
		}
		if stream != nil && (g.lo < pos || g.lo-pos > nearAhead) {
			stream.Close()
			stream = nil
		}
		var err error
		if stream == nil {
			if stream, err = f.v.retrieve(ctx, path, ftpclient.RetrieveOptions{Offset: g.lo, Spare: spare, Part: part || g.lo > 0}); err != nil {
				return err
			}
			if err = f.check(stream, path, base); err != nil {
				return err
			}
			pos = g.lo
			grew()
		}
		if err = f.fillGap(stream, pos, g); err != nil {
			if !ftpclient.Lost(err) {
				f.unfill(got) // what the server sends is not the file
			}
			return err
		}
		got = got.add(g.lo, g.hi)
		pos = g.hi
		grew()
	}
}

// partly tells whether less than all of the server's version is needed.
func (f *File) partly(base version) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return min(f.spool.base, f.attr.Size) < base.size
}

// unfill forgets what was fetched.
func (f *File) unfill(got ranges) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var rest ranges
	for _, s := range f.spool.have {
		for _, g := range got.missing(s.lo, s.hi) {
			rest = rest.add(g.lo, g.hi)
		}
	}
	f.spool.have = rest
	f.account()
}

// fillPiece is what is fetched at a time, in octets.
const fillPiece = 256 << 10

// gap is the first piece, of at most fillPiece, that the spool lacks.
func (f *File) gap() (span, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	gaps := f.spool.have.missing(0, min(f.spool.base, f.attr.Size))
	if len(gaps) == 0 {
		return span{}, false
	}
	g := gaps[0]
	g.hi = min(g.hi, g.lo+fillPiece)
	return g, true
}

// fillGap reads g from a stream that stands at pos into the spool.
func (f *File) fillGap(stream Stream, pos int64, g span) error {
	data := make([]byte, g.hi-g.lo)
	_, err := io.CopyN(io.Discard, stream, g.lo-pos)
	if err == nil {
		_, err = io.ReadFull(stream, data)
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return f.fetch.short(f.where())
	}
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.spool.file.WriteAt(data, g.lo); err != nil {
		return err
	}
	f.spool.have = f.spool.have.add(g.lo, g.hi)
	f.account()
	return nil
}
