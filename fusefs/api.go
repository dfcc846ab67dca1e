package fusefs

import "github.com/hanwen/go-fuse/v2/fs"

// What is implemented. A method with a wrong signature would be no error
// otherwise, and its operation would silently be go-fuse's default.
var (
	_ fs.NodeOnForgetter    = (*node)(nil)
	_ fs.NodeStatfser       = (*node)(nil)
	_ fs.NodeAccesser       = (*node)(nil)
	_ fs.NodeGetattrer      = (*node)(nil)
	_ fs.NodeGetxattrer     = (*node)(nil)
	_ fs.NodeSetattrer      = (*node)(nil)
	_ fs.NodeReadlinker     = (*node)(nil)
	_ fs.NodeOpener         = (*node)(nil)
	_ fs.NodeLookuper       = (*node)(nil)
	_ fs.NodeOpendirHandler = (*node)(nil)
	_ fs.NodeMkdirer        = (*node)(nil)
	_ fs.NodeMknoder        = (*node)(nil)
	_ fs.NodeLinker         = (*node)(nil)
	_ fs.NodeSymlinker      = (*node)(nil)
	_ fs.NodeCreater        = (*node)(nil)
	_ fs.NodeTmpfiler       = (*node)(nil)
	_ fs.NodeUnlinker       = (*node)(nil)
	_ fs.NodeRmdirer        = (*node)(nil)
	_ fs.NodeRenamer        = (*node)(nil)

	_ fs.FileReader    = (*handle)(nil)
	_ fs.FileWriter    = (*handle)(nil)
	_ fs.FileFlusher   = (*handle)(nil)
	_ fs.FileFsyncer   = (*handle)(nil)
	_ fs.FileReleaser  = (*handle)(nil)
	_ fs.FileLseeker   = (*handle)(nil)
	_ fs.FileAllocater = (*handle)(nil)

	_ fs.FileReaddirenter = (*dirHandle)(nil)
	_ fs.FileLookuper     = (*dirHandle)(nil)
	_ fs.FileSeekdirer    = (*dirHandle)(nil)
	_ fs.FileReleasedirer = (*dirHandle)(nil)
	_ fs.FileFsyncdirer   = (*dirHandle)(nil)
)

// notImplemented names the interfaces of go-fuse that are left out, and why.
// A test holds it against the package, so that a new one is decided upon.
var notImplemented = map[string]string{
	"NodeOnAdder":         "the tree is found by lookups",
	"NodeWrapChilder":     "there is one type of node",
	"NodeLookupNoder":     "paths, not numbers, name files: no export over NFS",
	"NodeLookupParenter":  "as NodeLookupNoder",
	"NodeOpendirer":       "NodeOpendirHandler is used",
	"NodeReaddirer":       "NodeOpendirHandler is used, whose handle can seek",
	"NodeReader":          "on the handle",
	"NodeWriter":          "on the handle",
	"NodeFlusher":         "on the handle",
	"NodeFsyncer":         "on the handle",
	"NodeReleaser":        "on the handle",
	"NodeAllocater":       "on the handle",
	"NodeLseeker":         "on the handle",
	"FileGetattrer":       "on the node, which gets the handle",
	"FileSetattrer":       "on the node, which gets the handle",
	"NodeWritever":        "a mounted device delivers writes in one piece",
	"FileWritever":        "as NodeWritever",
	"NodeSetxattrer":      "FTP has no extended attributes; bridge answers",
	"NodeRemovexattrer":   "as NodeSetxattrer",
	"NodeListxattrer":     "as NodeSetxattrer",
	"NodeGetlker":         "FTP has no locks; the kernel's hold within the mount",
	"NodeSetlker":         "as NodeGetlker",
	"NodeSetlkwer":        "as NodeGetlker",
	"FileGetlker":         "as NodeGetlker",
	"FileSetlker":         "as NodeGetlker",
	"FileSetlkwer":        "as NodeGetlker",
	"NodeCopyFileRanger":  "FTP has no copy on the server; the kernel copies by reading and writing",
	"NodeStatxer":         "the kernel makes statx(2) of GETATTR, and FTP tells no more",
	"FileStatxer":         "as NodeStatxer",
	"NodeIoctler":         "there is none; ENOTTY is the default",
	"FileIoctler":         "as NodeIoctler",
	"FilePassthroughFder": "content comes from the network",
}
