package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// all returns a check that is several checks. What they say is joined.
func all(checks ...func(*checking) error) func(*checking) error {
	return func(c *checking) error {
		var said []string
		for _, check := range checks {
			c.said = ""
			if err := check(c); err != nil {
				return err
			}
			if c.said != "" {
				said = append(said, c.said)
			}
		}
		c.said = strings.Join(said, "; ")
		return nil
	}
}

// retrievesNothing checks that there was no RETR, where commands are seen.
func retrievesNothing(c *checking) error {
	if n := c.ftp.Commands["RETR"]; n > 0 {
		return fmt.Errorf("%d RETR", n)
	}
	return nil
}

// retrievesNoFile checks that git has not read the files that it looks after: only
// some of its own, which it opens by their names.
func retrievesNoFile(c *checking) error {
	if n := c.ftp.Commands["RETR"]; n > 10 {
		return fmt.Errorf("%d RETR", n)
	}
	return nil
}

// asksNothing checks that there was no command, where commands are seen.
func asksNothing(c *checking) error {
	if c.ftp.total() > 0 {
		return fmt.Errorf("commands: %v", c.ftp.Commands)
	}
	return nil
}

// fetchesPart checks that not even half of the file came over the wire.
func fetchesPart(c *checking) error {
	entries, err := os.ReadDir(c.served)
	if err != nil || len(entries) != 1 {
		return fmt.Errorf("%d files are served, not one: %w", len(entries), err)
	}
	info, err := entries[0].Info()
	if err == nil && c.received > info.Size()/2 {
		err = fmt.Errorf("fetched %d MiB of %d MiB", c.received>>20, info.Size()>>20)
	}
	return err
}

// asOnDisk checks that the script prints for the mount what it does for the
// served directory.
func asOnDisk(c *checking) error {
	cmd := exec.Command("sh", "-c", c.script)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "M="+c.served)
	want, err := cmd.Output()
	if err == nil && len(want) == 0 {
		err = errors.New("the script prints nothing")
	}
	if err != nil {
		return fmt.Errorf("on the server's disk: %w", err)
	}
	return sameFileContent(c.output, want)
}

// lineShare is what IPv4 and TCP with timestamps leave of a packet for content.
const lineShare = 1448.0 / 1500

// ofTheRate says how much of the link the reading of everything took, and how the
// readers that printed their times shared it.
func ofTheRate(c *checking) error {
	var took []float64
	sum := 0.0
	err := eachLine(c.output, func(line string) error {
		ns, err := strconv.ParseFloat(line, 64)
		took, sum = append(took, ns), sum+ns
		return err
	})
	if err != nil || len(took) == 0 || c.took <= 0 {
		return fmt.Errorf("%d readers told their time: %w", len(took), err)
	}
	octets := int64(0)
	err = walkServed(c, func(_ string, d fs.DirEntry) error {
		info, err := d.Info()
		if err == nil && d.Type().IsRegular() {
			octets += info.Size()
		}
		return err
	})
	rate := float64(octets) / c.took.Seconds()
	c.said = fmt.Sprintf("%.1f MB/s", rate/1e6)
	if c.rate > 0 {
		c.said += fmt.Sprintf(", %.0f%% of the line", 100*rate/(float64(c.rate)*lineShare))
	}
	if len(took) > 1 {
		c.said += fmt.Sprintf(", the slowest reader %.2f of the mean", slices.Max(took)/(sum/float64(len(took))))
	}
	return err
}

// readable returns a check that a file of the mount reads as the server has it.
func readable(name string) func(*checking) error {
	return func(c *checking) error {
		return sameFile(filepath.Join(c.mount, name), filepath.Join(c.served, name))
	}
}

// digests checks the 64 digests of the beginnings.
func digests(c *checking) error {
	var want, got bytes.Buffer
	for i := range 64 {
		file, err := os.Open(filepath.Join(c.served, fmt.Sprintf("file%02d", i+10)))
		if err != nil {
			return err
		}
		digest := sha256.New()
		_, err = io.CopyN(digest, file, 16<<20)
		if err := file.Close(); err != nil {
			return err
		}
		if err != nil && err != io.EOF {
			return err
		}
		fmt.Fprintf(&want, "%x  -\n", digest.Sum(nil))
	}
	err := eachLine(c.output, func(line string) error {
		if strings.HasSuffix(line, "-") {
			fmt.Fprintln(&got, line)
		}
		return nil
	})
	if err == nil && got.String() != want.String() {
		err = errors.New("other digests than on the server's disk")
	}
	return err
}

// tenfold checks that $M/ten is ten times $L/huge.
func tenfold(c *checking) error {
	ten, err := os.Open(filepath.Join(c.served, "ten"))
	if err != nil {
		return err
	}
	defer ten.Close()
	for range 10 {
		one, err := os.Open(filepath.Join(c.local, "huge"))
		if err != nil {
			return err
		}
		info, err := one.Stat()
		if err == nil {
			err = sameContent(io.LimitReader(ten, info.Size()), one)
		}
		if err := errors.Join(err, one.Close()); err != nil {
			return fmt.Errorf("ten: %w", err)
		}
	}
	if n, err := ten.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return errors.New("ten is too long")
	}
	return nil
}

// peakOfDisk tells how much the spool directory took at most, of lines of du.
func peakOfDisk(c *checking) error {
	lines, err := os.ReadFile(filepath.Join(c.read, "spool"))
	if err != nil {
		return err
	}
	most := int64(-1)
	for line := range strings.Lines(string(lines)) {
		size, _, _ := strings.Cut(line, "\t")
		kib, err := strconv.ParseInt(size, 10, 64)
		if err != nil {
			return err
		}
		most = max(most, kib)
	}
	if most < 0 {
		return errors.New("nobody looked at the spool directory")
	}
	c.said = fmt.Sprintf("at most %d MiB of disk for the spool", (most+1023)>>10)
	return nil
}

// sameFile compares two files.
func sameFile(got, want string) error {
	g, err := os.Open(got)
	if err != nil {
		return err
	}
	defer g.Close()
	w, err := os.Open(want)
	if err != nil {
		return err
	}
	defer w.Close()
	if err := sameContent(g, w); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(got), err)
	}
	return nil
}

func sameContent(got, want io.Reader) error {
	g, w := make([]byte, 128<<10), make([]byte, 128<<10)
	for at := int64(0); ; {
		n, gotErr := io.ReadFull(got, g)
		m, wantErr := io.ReadFull(want, w)
		if n != m || !bytes.Equal(g[:n], w[:m]) {
			return fmt.Errorf("other content from %d on, or a little later", at)
		}
		switch at += int64(n); {
		case ended(gotErr) && ended(wantErr):
			return nil
		case gotErr != nil || wantErr != nil:
			return fmt.Errorf("at %d: %w", at, errors.Join(gotErr, wantErr))
		}
	}
}

func ended(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
