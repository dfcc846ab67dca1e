package mounthelper

import (
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

func TestTranslate(t *testing.T) {
	t.Chdir("/usr")
	for _, tt := range []struct {
		argv string
		want string
		fake bool
	}{
		{"ftpfs mount ftp://h/ /m", "mount ftp://h/ /m", false},
		{"/usr/bin/ftpfs ftp://h/ /m -o ro", "mount ftp://h/ /m -o ro", false},
		{"ftpfs nas /m -o rw,nodev", "mount nas /m -o rw,nodev", false},
		{"/sbin/mount.ftpfs ftp://h/ /m -o rw,_netdev", "mount ftp://h/ /m -o rw,_netdev", false},
		{"/sbin/mount.fuse.ftpfs nas /m -sv -t fuse.ftpfs -o ro", "mount nas /m --verbose -o ro", false},
		{"mount.ftpfs /usr/nas /usr/m -o ro", "mount nas /usr/m -o ro", false},
		{"mount.ftpfs /nas /m -o ro", "mount /nas /m -o ro", false},
		{"mount.ftpfs ftp://h/ /m -f -n", "mount ftp://h/ /m", true},
		{"mount.ftpfs ftp://h/ /m -nfv -N 5", "mount ftp://h/ /m --verbose", true},
		{"umount.fuse.ftpfs /m -n -t fuse.ftpfs", "umount /m", false},
		{"/sbin/umount.ftpfs /m -lf", "umount /m --force --force", false},
		{"ftpfs umount /m", "umount /m", false},
		{"ftpfs", "", false},
	} {
		got, fake, err := Translate(strings.Fields(tt.argv))
		if err != nil || strings.Join(got, " ") != tt.want || fake != tt.fake {
			t.Errorf("Translate(%s) = %q, %v, %v; want %q, %v", tt.argv, got, fake, err, tt.want, tt.fake)
		}
	}
	for _, argv := range []string{"mount.ftpfs ftp://h/ /m -o", "mount.ftpfs ftp://h/ /m -x", "umount.ftpfs /m --force"} {
		if _, _, err := Translate(strings.Fields(argv)); exit.CodeOf(err) != exit.Usage {
			t.Errorf("%s: %v", argv, err)
		}
	}
}
