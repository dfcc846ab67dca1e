package fakeremote

import (
	"context"
	"io"

	"ftpfs/ftpclient"
)

// stream is a download of what the file held when it was opened. Its fields
// are guarded by Tree.mu.
type stream struct {
	tree   *Tree
	ctx    context.Context
	path   string
	rest   []byte
	closed bool

	entry    ftpclient.Entry // as it was opened, if verified
	verified bool
}

// Read returns the next octets, at most Behaviour.Chunk.
func (s *stream) Read(p []byte) (int, error) {
	if err := s.tree.pass(s.ctx, "Read", s.path); err != nil {
		return 0, err
	}
	s.tree.mu.Lock()
	defer s.tree.mu.Unlock()
	if s.closed {
		return 0, &ftpclient.Error{Op: "RETR", Path: s.path, Kind: ftpclient.KindNetwork, Err: io.ErrClosedPipe}
	}
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	chunk := s.tree.behave.Chunk
	if chunk == 0 {
		chunk = 32 << 10
	}
	n := copy(p[:min(len(p), chunk)], s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// Close ends the download and gives its connection back.
func (s *stream) Close() error {
	s.tree.mu.Lock()
	defer s.tree.mu.Unlock()
	s.drop()
	return nil
}

// drop is Close with mu held.
func (s *stream) drop() {
	s.tree.unpark(s)
	if !s.closed {
		s.closed = true
		s.tree.give()
	}
}

// Park lets the tree close the stream when a connection is needed.
func (s *stream) Park() {
	s.tree.mu.Lock()
	defer s.tree.mu.Unlock()
	if s.closed || s.tree.unpark(s) {
		return
	}
	s.tree.slots.parked = append(s.tree.slots.parked, s)
	s.tree.wake()
}

// Resume reports whether the stream was left alone.
func (s *stream) Resume() bool {
	s.tree.mu.Lock()
	defer s.tree.mu.Unlock()
	s.tree.unpark(s)
	return !s.closed
}

// Verified returns what the file was when it was opened, if that was asked for.
func (s *stream) Verified() (ftpclient.Entry, bool) { return s.entry, s.verified }

// Contended reports whether somebody waits for a connection.
func (s *stream) Contended() bool {
	s.tree.mu.Lock()
	defer s.tree.mu.Unlock()
	return s.tree.slots.waiting > 0
}
