// Package fakeremote is a server's tree in memory, for tests.
//
// A [Tree] implements cache.Remote with the errors a client would report. The
// methods of that interface are what the volume under test calls; they are
// counted, can be made to fail or to wait, and share a limited number of
// connections if [Behaviour] says so. Put, PutDir, PutSymlink, PutMode, Touch,
// Drop and Get act on the server's side, as another client or the server's
// owner would; they are not counted and never fail by a rule.
//
// Paths are absolute server paths. All methods may be called from several
// goroutines.
package fakeremote
