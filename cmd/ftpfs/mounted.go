package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"ftpfs/cache"
	"ftpfs/cmd/ftpfs/internal/demo"
	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/remote"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/spools"
	"ftpfs/cmd/ftpfs/internal/status"
	"ftpfs/cmd/ftpfs/internal/systemd"
	"ftpfs/ftpclient"
	"ftpfs/fusefs"
)

// mountJob is everything the process of a mount needs to know. It goes through
// a pipe to the process in the background.
type mountJob struct {
	remote.Server
	Mountpoint string // absolute
	Demo       bool   // serve a sample tree and mount that; the server is empty
	Foreground bool

	AttrTTL    time.Duration
	CacheBytes int64
	DiskDir    string // where content is kept for later mounts; empty: nowhere
	DiskBytes  int64
	SpoolBase  string
	ReadOnly   bool
	AllowOther bool
	CheckPerms bool // the kernel checks owner, group and mode as they are shown
	NoExec     bool
	Contain    bool // links that lead out of the mount are refused
	NonEmpty   bool
	UID, GID   uint32
	Umask      uint32
	FileMode   uint32 // 0: that of the server
	DirMode    uint32 // 0: that of the server
	Writing    writingSettings
	Watching   watchingSettings

	Verbose bool
	LogFile string
}

// mounted is a mount in the making and then alive: what has to be undone, in
// reverse order, when it ends.
type mounted struct {
	job    mountJob
	log    *slog.Logger
	warn   func(text string) // for the person who mounts
	root   string            // the server path that is mounted
	source string            // for the mount table

	demo    *demo.Server
	client  *ftpclient.Client
	spool   *spools.Spool
	volume  *cache.Volume
	server  *fusefs.Server
	state   *mounts.StateFile
	control *mounts.Control // nil: it could not be had
	asked   chan struct{}   // to end, by another process; buffered

	recent *status.Recent // of the log
	began  time.Time
	// For whoever looks on from another goroutine. usable: client, volume and began
	// are there.
	usable atomic.Bool
	kernel atomic.Pointer[fusefs.Server]
	page   atomic.Pointer[statusPage]
}

// run mounts, calls ready, and stays until the mount is removed or a signal
// comes. It returns nil if every byte was uploaded. warn is for what the
// person who mounts should see; it is not called after ready.
func (j mountJob) run(log *slog.Logger, warn func(string), ready func() error) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)

	m := &mounted{job: j, warn: warn, recent: new(status.Recent), asked: make(chan struct{}, 1)}
	m.log = m.recent.Watch(j.Redactor().Log(log))
	log = m.log
	defer m.dumpOn()()
	err := m.startUnless(signals)
	if err == nil {
		err = ready()
	}
	if err != nil {
		if m.server != nil {
			m.unmount()
		}
		m.note("giving up", m.stop(signals))
		return err
	}
	log.Info("mounted", "source", m.source, "mountpoint", j.Mountpoint, "pid", os.Getpid())
	service := systemd.Ready(log, m.source+" on "+j.Mountpoint, func() { m.volume.Uploads() })
	defer service.End()
	m.wait(signals)
	service.Ending("uploading what was written")
	return m.stop(signals)
}

// startUnless starts, and gives up at a signal.
func (m *mounted) startUnless(signals <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- m.start(ctx) }()
	select {
	case err := <-done:
		return err
	case sig := <-signals:
		cancel()
		<-done // whatever it says, the signal is the reason
		return exit.Errorf(exit.Failure, "ended by signal (%s) before the mount was made", sig)
	}
}

// start makes the mount: mount point, server, remote directory, kernel.
func (m *mounted) start(ctx context.Context) error {
	check := mountpoints.Check{Dir: m.job.Mountpoint, NonEmpty: m.job.NonEmpty, Dirs: mounts.Dirs(), Warn: m.warn}
	if err := check.Run(); err != nil {
		return err
	}
	if m.job.AllowOther && !m.job.CheckPerms && (m.job.Umask|m.job.FileMode|m.job.DirMode) != 0 {
		m.warn("--allow-other: modes are shown to other users, but do not bind them: add default_permissions to have them checked")
	}
	if err := mountpoints.CheckFUSE(mountpoints.FUSEDevice, mountpoints.FUSEConf, os.Geteuid() == 0, m.job.AllowOther); err != nil {
		return err
	}
	if m.job.Demo {
		var err error
		if m.demo, err = demo.Start(); err != nil {
			return exit.Errorf(exit.Serve, "demo server: %w", err)
		}
		m.job.Location = m.demo.Location
	}
	session, err := m.job.Connect(ctx, m.log, m.warn)
	if err != nil {
		return err
	}
	m.client, m.root, m.source = session.Client, session.Root, session.Source
	return m.mount(ctx)
}

// mount hands the remote directory to the kernel.
func (m *mounted) mount(ctx context.Context) (err error) {
	if m.spool, err = spools.Open(m.job.SpoolBase, m.source, m.warn); err != nil {
		return exit.Errorf(exit.Failure, "spool directory %s: %w: give another with --spool-dir", m.job.SpoolBase, err)
	}
	boundMemory(m.job.CacheBytes)
	options := cache.Options{
		Root: m.root, TTL: m.job.AttrTTL, CacheBytes: m.job.CacheBytes, Disk: m.job.diskOptions(), Connections: m.job.Connections,
		SpoolDir: m.spool.Files(), ReadOnly: m.job.ReadOnly, Log: m.log,
	}
	if err = m.job.Writing.apply(&options, m.spool.Files()); err != nil {
		return exit.Errorf(exit.Failure, "spool directory %s: %w", m.job.SpoolBase, err)
	}
	m.volume, err = cache.NewVolume(cache.FromClient(m.client), options)
	if err != nil {
		return exit.Errorf(exit.Failure, "%w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.began = time.Now().UTC()
	m.usable.Store(true)
	if err := m.openState(); err != nil {
		return exit.Errorf(exit.Failure, "%w", err)
	}
	if err := m.startPage(); err != nil {
		return err
	}
	if n := m.volume.Recover(); n > 0 && !m.job.ReadOnly {
		m.warn(fmt.Sprintf("%d uploads that an earlier mount has not finished go on: see ftpfs uploads %s", n, m.job.Mountpoint))
	}
	if n := m.keptUploads(); n > 0 {
		m.warn(fmt.Sprintf("%s that earlier mounts could not upload are kept: see ftpfs uploads %s", say.Plural(n, "file"), m.job.Mountpoint))
	}
	m.server, err = fusefs.Mount(m.job.Mountpoint, m.volume, fusefs.Options{
		Source: m.source, UID: m.job.UID, GID: m.job.GID, Umask: m.job.Umask,
		FileMode: m.job.FileMode, DirMode: m.job.DirMode,
		AllowOther: m.job.AllowOther, CheckPermissions: m.job.CheckPerms, NoExec: m.job.NoExec,
		ContainSymlinks: m.job.Contain, ReadOnly: m.job.ReadOnly, ReportAttrs: m.job.Writing.ReportAttrs, Log: m.log,
	})
	if err != nil {
		return mountpoints.FUSEFailure(m.job.Mountpoint, err)
	}
	m.kernel.Store(m.server)
	m.volume.Expect("") // which also finds out how this server lists
	return nil
}

// openState tells other processes of this mount, before it can be seen.
func (m *mounted) openState() error {
	dir, err := mounts.OwnDir()
	if err != nil {
		return err
	}
	m.state, err = mounts.NewStateFile(dir, mounts.State{
		PID: os.Getpid(), Mountpoint: say.Raw(m.job.Mountpoint),
		Source: say.Raw(m.source), Started: m.began,
	})
	if err != nil {
		return err
	}
	if m.control, err = mounts.Listen(mounts.ControlPath(m.state.Path), m.handle); err != nil {
		m.log.Warn("no control socket: ftpfs refresh will not reach this mount", "error", err)
	}
	return nil
}

// keptUploads is how many files of earlier mounts are uploaded only if somebody says so.
func (m *mounted) keptUploads() (n int) {
	for _, u := range m.volume.Uploads() {
		if u.Ended {
			n++
		}
	}
	return n
}
