package ftpserver_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"ftpfs/ftpserver"
)

func benchFS(b *testing.B, size int64) ftpserver.FS {
	b.Helper()
	d := openDir(b, b.TempDir())
	f, err := d.OpenFile("f", os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		b.Fatal(err)
	}
	return d
}

func BenchmarkSize(b *testing.B) {
	c := login(b, start(b, ftpserver.Options{FS: benchFS(b, 5)}))
	for b.Loop() {
		c.do("SIZE f", "213")
	}
}

func BenchmarkPipelinedSize(b *testing.B) {
	c := login(b, start(b, ftpserver.Options{FS: benchFS(b, 5)}))
	batch := strings.Repeat("SIZE f\r\n", 100)
	for b.Loop() {
		c.write(batch)
		for range 100 {
			c.expect("213")
		}
	}
}

func BenchmarkRetrSmall(b *testing.B) {
	c := login(b, start(b, ftpserver.Options{FS: benchFS(b, 5)}))
	for b.Loop() {
		c.get("RETR f")
	}
}

func BenchmarkRetrLarge(b *testing.B) {
	const size = 256 << 20
	c := login(b, start(b, ftpserver.Options{FS: benchFS(b, size)}))
	b.SetBytes(size)
	for b.Loop() {
		data := c.passive()
		c.do("RETR f", "150")
		if n, err := io.Copy(io.Discard, data); n != size || err != nil {
			b.Fatal(n, err)
		}
		data.Close()
		c.expect("226")
	}
}

func BenchmarkStorLarge(b *testing.B) {
	const size = 256 << 20
	c := login(b, start(b, ftpserver.Options{FS: benchFS(b, 0)}))
	b.SetBytes(size)
	for b.Loop() {
		data := c.passive()
		c.do("STOR f", "150")
		if _, err := io.Copy(data, io.LimitReader(zeros{}, size)); err != nil {
			b.Fatal(err)
		}
		data.Close()
		c.expect("226")
	}
}
