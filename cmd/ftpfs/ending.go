package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/term"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
)

// wait returns when the mount was removed from outside or a signal to end came.
func (m *mounted) wait(signals <-chan os.Signal) {
	gone := make(chan struct{})
	go func() {
		m.server.Wait()
		close(gone)
	}()
	for {
		select {
		case <-gone:
			m.log.Info("unmounted", "mountpoint", m.job.Mountpoint)
			return
		case <-m.asked:
			m.log.Info("ending", "by", "ftpfs umount")
			m.unmount()
			return
		case sig := <-signals:
			if sig == syscall.SIGHUP && !m.onTerminal() {
				m.log.Info("refresh", "signal", sig.String())
				m.volume.Refresh("")
				continue
			}
			m.log.Info("ending", "signal", sig.String())
			m.unmount()
			return
		}
	}
}

// endSoon ends the mount as a signal would. One that is ending already is not hurried
// by it, as it is by a further signal.
func (m *mounted) endSoon() {
	select {
	case m.asked <- struct{}{}:
	default:
	}
}

// onTerminal tells whether a hangup means that the person who looks on has
// left.
func (m *mounted) onTerminal() bool {
	return m.job.Foreground && term.IsTerminal(int(os.Stdin.Fd()))
}

// unmount removes the mount, even if it is in use.
func (m *mounted) unmount() {
	err := m.server.Unmount()
	if err == nil {
		return
	}
	table, tableErr := mountpoints.Read()
	if at, ok := mountpoints.At(table, m.job.Mountpoint); tableErr == nil && (!ok || at.Type != mountpoints.FSType) {
		return // somebody has detached it already
	}
	m.log.Warn("the mount is in use: detaching it", "mountpoint", m.job.Mountpoint, "error", err)
	if err := mountpoints.Detach(m.job.Mountpoint, true); err != nil {
		m.log.Error("cannot detach", "mountpoint", m.job.Mountpoint, "error", err)
	}
}

// stop undoes what start did, uploads first. A further signal cuts the uploads
// short. It is called after the kernel has let go of the mount.
func (m *mounted) stop(signals <-chan os.Signal) error {
	var failed error
	if m.volume != nil {
		failed = m.closeVolume(signals)
	}
	if p := m.page.Load(); p != nil {
		m.note("status page", p.close())
	}
	if m.control != nil { // which has told of the uploads until here
		m.note("control socket", m.control.Close())
	}
	if m.client != nil {
		m.note("client", m.client.Close())
	}
	if m.spool != nil {
		failed = errors.Join(failed, m.closeSpool(failed != nil))
	}
	if m.demo != nil {
		m.note("demo server", m.demo.Close())
	}
	if failed != nil {
		failed = exit.Errorf(exit.Uploads, "%s: not everything was uploaded: %s", m.source, say.Printable(say.OneLine(failed)))
		m.log.Error(failed.Error())
	}
	if m.state != nil {
		m.note("state file", m.state.End(failed))
	}
	return failed
}

func (m *mounted) closeVolume(signals <-chan os.Signal) error {
	ctx, cancel := context.WithTimeout(context.Background(), mounts.UploadLimit)
	defer cancel()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case sig := <-signals:
			m.log.Warn("giving up the uploads", "signal", sig.String())
			cancel()
		case <-done:
		}
	}()
	return m.volume.Close(ctx)
}

// closeSpool gives up the spool. Where the volume could not upload everything,
// the error names the place of the data.
func (m *mounted) closeSpool(unsent bool) error {
	kept, err := m.spool.Close()
	m.note("spool", err)
	switch {
	case kept == "":
		return nil
	case unsent:
		return fmt.Errorf("the data is kept in %s", kept)
	}
	m.log.Warn("files are left in the spool directory", "dir", kept)
	return nil
}

// note logs an error that changes nothing any more.
func (m *mounted) note(what string, err error) {
	if err != nil {
		m.log.Warn(what, "error", err)
	}
}
