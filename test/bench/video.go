package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// videoPlay makes this program one that plays a video: it looks at head and tail,
// jumps, and then wants a piece every so often.
const videoPlay = "bench-video"

const (
	videoHead, videoTail  = 1 << 20, 64 << 10
	videoPiece, videoEach = 256 << 10, time.Second / 16
	videoMost             = 96
)

// videoPieces is how many are played of a file of this size.
func videoPieces(size int64) int64 { return min(videoMost, size/2/videoPiece-1) }

// playVideo plays a file from its middle on and prints when, in ms, it could
// begin, by how much the latest piece was late, and a digest of all it read.
func playVideo(name string, w io.Writer) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	digest := sha256.New()
	read := func(off, n int64) error {
		_, err := io.Copy(digest, io.NewSectionReader(file, off, n))
		return err
	}
	begin := time.Now()
	middle := info.Size() / 2
	for _, part := range [][2]int64{{0, videoHead}, {info.Size() - videoTail, videoTail}, {middle, videoPiece}} {
		if err := read(part[0], part[1]); err != nil {
			return err
		}
	}
	playing := time.Now()
	latest := time.Duration(0)
	for i := range videoPieces(info.Size()) {
		due := playing.Add(time.Duration(i) * videoEach)
		<-time.After(time.Until(due))
		if err := read(middle+(i+1)*videoPiece, videoPiece); err != nil {
			return err
		}
		latest = max(latest, time.Since(due))
	}
	_, err = fmt.Fprintf(w, "%d %d %x\n", playing.Sub(begin).Milliseconds(), latest.Milliseconds(), digest.Sum(nil))
	return err
}

// plays checks the digest that playVideo printed, and says its times.
func plays(c *checking) error {
	output, err := os.ReadFile(c.output)
	if err != nil {
		return err
	}
	fields := strings.Fields(string(output))
	if len(fields) != 3 {
		return fmt.Errorf("printed %q", output)
	}
	digest, err := videoDigest(c)
	if err == nil && fields[2] != digest {
		err = fmt.Errorf("other content was played")
	}
	c.said = fmt.Sprintf("plays after %s ms, the latest piece took %s ms", fields[0], fields[1])
	return err
}

// videoDigest is that of what is played, from the server's disk.
func videoDigest(c *checking) (string, error) {
	file, err := os.Open(c.served + "/huge")
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	for _, part := range [][2]int64{{0, videoHead}, {info.Size() - videoTail, videoTail}, {info.Size() / 2, (videoPieces(info.Size()) + 1) * videoPiece}} {
		if err == nil {
			_, err = io.Copy(digest, io.NewSectionReader(file, part[0], part[1]))
		}
	}
	return fmt.Sprintf("%x", digest.Sum(nil)), err
}
