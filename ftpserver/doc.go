// Package ftpserver serves a directory over FTP and FTPS, well enough to be
// used, and as badly as real servers when told to.
//
// A [Server] is made by [New] from [Options] and serves a tree of files, an
// [FS]: [DirFS] is a directory of the host that cannot be left, [MemFS] lives
// in memory. It speaks RFC 959 with the updates of RFC 1123 (section 4.1),
// RFC 2389 (FEAT, OPTS), RFC 2428 (EPRT, EPSV), RFC 2640 (UTF-8 names) and
// RFC 3659 (SIZE, MDTM, MLST, MLSD, REST in stream mode), MFMT and MFF from
// draft-somers-ftp-mfxx, HASH from draft-bryan-ftpext-hash, RANG from
// draft-bryan-ftp-range and AVBL from draft-peterson-streamlined-ftp. With
// Options.TLS it speaks RFC 4217 (AUTH TLS, PBSZ, PROT) and, by
// [Server.ServeTLS], implicit TLS. Names are sequences of bytes and are never
// converted.
//
// # Misbehaviour
//
// For tests of clients, Options.Profile gives the server the looks and the
// peculiarities of another one, and each [Fault] is a rule that delays, cuts,
// refuses or lies at a chosen command or octet. The profiles of vsftpd, ProFTPD
// and Pure-FTPd are held against those servers by TestProfilesAsReal. What they
// do not have is what no client can use: SITE CHGRP, ALIAS and IDLE, LANG, HOST
// and CSID, names of owners, ProFTPD's absolute targets of SITE SYMLINK (which
// an [FS] would not follow), Pure-FTPd's silence to a RETR without EPSV, and
// how long logins take.
//
// # Structure
//
// One goroutine owns a session and all its state. A second one only reads
// command lines from the control connection, and a transfer is a third one
// that ends by sending its outcome to the owner, so commands are heard while
// data flows; HASH and copies on the server are transfers without data. ABOR ends a running transfer as soon as it is read, STAT without
// an argument reports on it, and everything else waits for its end; replies
// always come in the order of the commands. Behind AUTH the reader waits until
// the owner has made the handshake.
//
// Every command is one entry of the table in command.go, from which FEAT and
// HELP are made, and every reply leaves through session.send. Profiles change
// the table when the server is made, and last replies in session.answer, where
// faults strike as well.
package ftpserver
