package main

import (
	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"ftpfs/cache"
	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/settings"
)

// writingSettings are what the flags say of how files are written.
type writingSettings struct {
	Atomic     cache.Atomic
	Overwrite  bool
	WriteBack  bool
	SpoolBytes int64 // 0: a share of what is free

	ReportAttrs bool
}

// leastSpool is the smallest size of the spool, in octets: a few writes of the kernel.
const leastSpool = 16 << 20

func (c *mountCommand) addWritingFlags(f *pflag.FlagSet) {
	f.StringVar(&c.atomic, "atomic", "auto", "how existing files get new content: auto (a new file is renamed onto the old one, where the server lets that be done), always (else it is an error), never (in place)")
	f.StringVar(&c.onConflict, "on-conflict", "fail", "when a file that was written has changed on the server since it was opened: fail (its close says so, and what was written is kept), overwrite")
	f.StringVar(&c.attrErrors, "attr-errors", "ignore", "when a mode, time or owner cannot be set because the server has no command for it: ignore (the log says so once; cp -p, tar and rsync -a end well), report (the call fails)")
	f.BoolVar(&c.job.Writing.WriteBack, "write-back", false, "let close return when what was written is safe on the local disk, and upload in the background; fsync waits for the server")
	f.Var(&c.spoolSize, "spool-size", "the most that may wait in the spool directory (default: half of what is free there)")
}

func (c *mountCommand) validateWriting() error {
	w := &c.job.Writing
	switch c.atomic {
	case "auto":
		w.Atomic = cache.AtomicAuto
	case "always":
		w.Atomic = cache.AtomicAlways
	case "never":
		w.Atomic = cache.AtomicNever
	default:
		return exit.Errorf(exit.Usage, "--atomic %s: write auto, always or never", say.Printable(c.atomic))
	}
	switch c.onConflict {
	case "fail", "overwrite":
		w.Overwrite = c.onConflict == "overwrite"
	default:
		return exit.Errorf(exit.Usage, "--on-conflict %s: write fail or overwrite", say.Printable(c.onConflict))
	}
	switch c.attrErrors {
	case "ignore", "report":
		w.ReportAttrs = c.attrErrors == "report"
	default:
		return exit.Errorf(exit.Usage, "--attr-errors %s: ignore or report", say.Printable(c.attrErrors))
	}
	if w.SpoolBytes = int64(c.spoolSize); w.SpoolBytes > 0 && w.SpoolBytes < leastSpool {
		return exit.Errorf(exit.Usage, "--spool-size %s is less than %s", c.spoolSize.String(), settings.FormatSize(leastSpool))
	}
	return nil
}

// apply sets what the flags say for a volume whose spool is in dir.
func (w writingSettings) apply(o *cache.Options, dir string) error {
	o.Atomic, o.Overwrite, o.WriteBack, o.SpoolBytes = w.Atomic, w.Overwrite, w.WriteBack, w.SpoolBytes
	o.ReportAttrs = w.ReportAttrs
	if o.SpoolBytes > 0 {
		return nil
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return err
	}
	o.SpoolBytes = max(leastSpool, int64(st.Bavail)*st.Bsize/2)
	return nil
}
