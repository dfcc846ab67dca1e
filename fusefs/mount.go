package fusefs

import (
	"log/slog"

	"ftpfs/cache"
)

// Options configure a mount.
type Options struct {
	Source     string // shown in the mount table, e.g. ftp://user@host/dir; never a password
	UID, GID   uint32 // owner of everything
	Umask      uint32 // bits cleared in every mode
	AllowOther bool
	ReadOnly   bool
	Log        *slog.Logger // nil: none
}

// Server is a mounted volume.
type Server struct{}

// Mount mounts v on dir and returns when the kernel's first request has been
// answered. As root it needs no fusermount.
func Mount(dir string, v *cache.Volume, o Options) (*Server, error) { panic("unbuilt") }

// Wait blocks until the volume is unmounted, by Unmount or by umount(8).
func (s *Server) Wait() { panic("unbuilt") }

// Unmount unmounts the volume. It fails if the volume is in use.
func (s *Server) Unmount() error { panic("unbuilt") }
