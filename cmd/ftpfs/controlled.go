package main

import (
	"fmt"

	"ftpfs/cache"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/status"
)

// handle does what a request asks for.
func (m *mounted) handle(req mounts.Request) (ans mounts.Answer, err error) {
	switch req.Do {
	case "status":
		s := m.snapshot()
		ans.Status = &s
	case "refresh":
		m.log.Info("refresh", "path", "/"+string(req.Path))
		m.volume.Refresh(string(req.Path))
	case "uploads":
		ans.Uploads = uploadStates(m.volume.Uploads())
	case "retry":
		err = m.volume.RetryUpload(string(req.Path))
	case "discard":
		m.log.Warn("an upload is discarded", "path", "/"+string(req.Path))
		err = m.volume.DiscardUpload(string(req.Path))
	case "end":
		m.endSoon()
	case "leave":
		m.log.Warn("what is not uploaded yet is left for the next mount")
		m.volume.LeaveUploads()
	default:
		err = fmt.Errorf("%q is not known to this version", req.Do)
	}
	return ans, err
}

// uploadStates tells other processes of uploads.
func uploadStates(uploads []cache.Upload) []mounts.Upload {
	states := make([]mounts.Upload, len(uploads))
	for i, u := range uploads {
		states[i] = mounts.Upload{Path: say.Raw(u.Path), Size: u.Size, Since: u.Since, State: status.UploadState(u), Data: say.Raw(u.Data)}
		if u.Err != nil {
			states[i].Error = u.Err.Error()
		}
	}
	return states
}
