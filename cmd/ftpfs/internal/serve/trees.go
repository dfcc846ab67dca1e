package serve

import (
	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/serveconf"
	"ftpfs/cmd/ftpfs/internal/tftpd"
	"ftpfs/ftpserver"
)

// trees are the directories that are open.
type trees struct{ open []*ftpserver.DirFS }

func (t *trees) close() {
	for _, d := range t.open {
		_ = d.Close() // it was only looked through
	}
}

func (t *trees) dir(name string) (*ftpserver.DirFS, error) {
	d, err := ftpserver.OpenDirFS(name)
	if err != nil {
		return nil, exit.Errorf(exit.Serve, "directory %s cannot be served: %w", name, say.Reason(err))
	}
	t.open = append(t.open, d)
	return d, nil
}

// folders makes one tree of folders, of which those that are written to count
// for the quota, 0 for none.
func (t *trees) folders(folders []serveconf.Folder, quota serveconf.Size) (ftpserver.FS, error) {
	q := ftpserver.NewQuota(int64(quota))
	places := make(map[string]ftpserver.FS)
	for _, f := range folders {
		d, err := t.dir(f.Dir)
		if err != nil {
			return nil, err
		}
		var tree ftpserver.FS = d
		if quota > 0 && f.Writes() {
			if tree, err = q.Apply(tree); err != nil {
				return nil, exit.Errorf(exit.Serve, "directory %s cannot be counted for its quota: %w", f.Dir, say.Reason(err))
			}
		}
		places[f.At] = ftpserver.Restrict(tree, f.Restrictions())
	}
	return ftpserver.Mount(places)
}

// openTrees opens what is served and fills in the options; nil for no TFTP.
func (c *command) openTrees(t *trees, o *ftpserver.Options, args []string) (*tftpd.Options, error) {
	if c.more.file != nil {
		return c.configured(t, o)
	}
	d, err := t.dir(args[0])
	if err != nil {
		return nil, err
	}
	o.FS = d
	if c.more.tftp == "" {
		return nil, nil
	}
	return &tftpd.Options{FS: ftpserver.Restrict(d, ftpserver.Access{ReadOnly: true})}, nil
}

// configured is openTrees for a configuration. The users' passwords are not here.
func (c *command) configured(t *trees, o *ftpserver.Options) (tftp *tftpd.Options, err error) {
	file := c.more.file
	o.ReadOnly = c.readOnly
	for _, u := range file.Users {
		user := ftpserver.User{MaxSessions: u.MaxSessions, Rate: int64(u.Rate)}
		if user.FS, err = t.folders(u.Folders, u.Quota); err != nil {
			return nil, err
		}
		o.Users[u.Name] = user
	}
	if a := file.Anonymous; a != nil {
		o.Anonymous, o.AnonymousWrite = true, true // as the folders say
		o.AnonymousUser = ftpserver.User{MaxSessions: a.MaxSessions, Rate: int64(a.Rate)}
		if o.AnonymousUser.FS, err = t.folders(a.Folders, a.Quota); err != nil {
			return nil, err
		}
	}
	if file.TFTP == nil {
		return nil, nil
	}
	tftp = &tftpd.Options{MaxSize: int64(file.TFTP.MaxSize)}
	tftp.FS, err = t.folders(file.TFTP.Folders, file.TFTP.Quota)
	return tftp, err
}
