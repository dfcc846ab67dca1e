package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"ftpfs/ftpclient"
	"ftpfs/ftpserver"
)

// mutualData is what is transferred: more than a buffer, and not a round number.
var mutualData = noise(70_001)

// errWrong is that an operation said that all is well, and it is not.
var errWrong = errors.New("success with a wrong result")

// errCut is that only the size tells that a transfer, which the client took for
// complete, was not.
var errCut = errors.New("only the size tells")

// A mutualOp is an operation as a careful caller does it, who knows that plain
// FTP cannot tell a file that was cut from a whole one, and so compares sizes.
// Each attempt has names of its own.
type mutualOp struct {
	name    string
	prepare func(tree ftpserver.FS, try int) error
	run     func(ctx context.Context, c *ftpclient.Client, try int) error
	// judge looks at what success, or failure, has left on the server.
	judge func(tree ftpserver.FS, try int, success bool) error
}

var mutualOps = []mutualOp{
	{"list", prepareList, runList, judgeNothing},
	{"download", prepareDownload, runDownload, judgeNothing},
	{"upload", prepareNothing, runUpload, judgeUpload},
	{"rename", prepareRename, runRename, judgeRename},
}

func prepareNothing(ftpserver.FS, int) error { return nil }

func judgeNothing(ftpserver.FS, int, bool) error { return nil }

var mutualNames = []string{"a", "b c", "d"}

func prepareList(tree ftpserver.FS, try int) error {
	dir := fmt.Sprintf("dir%d", try)
	errs := []error{tree.Mkdir(dir, 0o755)}
	for _, name := range mutualNames {
		errs = append(errs, put(tree, dir+"/"+name, "x"))
	}
	return errors.Join(errs...)
}

func runList(ctx context.Context, c *ftpclient.Client, try int) error {
	l, err := c.List(ctx, fmt.Sprintf("/dir%d", try))
	if err != nil {
		return err
	}
	var names []string
	for _, e := range l.Entries {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	if l.Complete() && !slices.Equal(names, mutualNames) {
		return fmt.Errorf("%w: %q", errWrong, names)
	}
	return nil
}

func prepareDownload(tree ftpserver.FS, try int) error {
	return put(tree, fmt.Sprintf("down%d", try), mutualData)
}

func runDownload(ctx context.Context, c *ftpclient.Client, try int) error {
	path := fmt.Sprintf("/down%d", try)
	e, err := c.Stat(ctx, path)
	if err != nil {
		return err
	}
	d, err := c.Retrieve(ctx, path, ftpclient.RetrieveOptions{})
	if err != nil {
		return err
	}
	got, err := io.ReadAll(d)
	d.Close()
	switch {
	case err != nil:
		return err
	case e.Size != int64(len(got)):
		return fmt.Errorf("%w: %d octets, the server said %d", errCut, len(got), e.Size)
	case string(got) != mutualData:
		return fmt.Errorf("%w: %d octets", errWrong, len(got))
	}
	return nil
}

func runUpload(ctx context.Context, c *ftpclient.Client, try int) error {
	path := fmt.Sprintf("/up%d", try)
	n, err := c.Store(ctx, path, strings.NewReader(mutualData), ftpclient.StoreOptions{})
	if err != nil {
		return err
	}
	e, err := c.Verify(ctx, path)
	if err == nil && e.Size < 0 {
		e, err = c.Stat(ctx, path)
	}
	if err == nil && (n.Sent != int64(len(mutualData)) || e.Size != n.Sent) {
		err = fmt.Errorf("%w: %d octets were sent, the server has %d", errCut, n.Sent, e.Size)
	}
	return err
}

func judgeUpload(tree ftpserver.FS, try int, success bool) error {
	got, err := read(tree, fmt.Sprintf("up%d", try))
	if success && (err != nil || got != mutualData) {
		return fmt.Errorf("%w: %d octets on the server, %v", errWrong, len(got), err)
	}
	return nil
}

func prepareRename(tree ftpserver.FS, try int) error {
	return put(tree, fmt.Sprintf("from%d", try), "content")
}

func runRename(ctx context.Context, c *ftpclient.Client, try int) error {
	from, to := fmt.Sprintf("/from%d", try), fmt.Sprintf("/to%d", try)
	if err := c.Rename(ctx, from, to); err != nil {
		return err
	}
	_, err := c.Stat(ctx, to)
	return err
}

// judgeRename: whatever was said, the file is there, once.
func judgeRename(tree ftpserver.FS, try int, success bool) error {
	from, errFrom := read(tree, fmt.Sprintf("from%d", try))
	to, errTo := read(tree, fmt.Sprintf("to%d", try))
	if from+to != "content" || success && (errTo != nil || errFrom == nil) {
		return fmt.Errorf("%w: from %q (%v), to %q (%v)", errWrong, from, errFrom, to, errTo)
	}
	return nil
}

// put writes a file behind the server's back.
func put(tree ftpserver.FS, name, data string) error {
	f, err := tree.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, data)
	return errors.Join(err, f.Close())
}

func read(tree ftpserver.FS, name string) (string, error) {
	f, err := tree.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	_, err = b.ReadFrom(f)
	return b.String(), errors.Join(err, f.Close())
}
