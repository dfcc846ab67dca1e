// Package ftptest starts real FTP servers for tests: vsftpd, ProFTPD and
// Pure-FTPd as Debian packages them, and the project's own server.
//
// The packages conflict with each other, so they are downloaded with apt-get
// and unpacked side by side in a cache folder (FTPFS_TEST_CACHE, else
// ftpfs-test in the user's cache directory), once; nothing is installed. Each
// [Server] has a configuration, a port on 127.0.0.1 and a directory of its
// own, and is gone when its test ends, also when the test binary is killed.
// With [TLS] it has a certificate too, of an authority made for the run, and
// with [IPv6] it listens on ::1.
//
// A package whose tests start servers, mount or start programs has
//
//	func TestMain(m *testing.M) { ftptest.Main(m) }
//
// which fails the run if anything is left behind.
//
// The servers run as root and as an ordinary user, except Pure-FTPd, which
// needs root; vsftpd run by an ordinary user knows anonymous logins only.
package ftptest
