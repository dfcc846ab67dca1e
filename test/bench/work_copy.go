package main

import "path/filepath"

// copyWorks are what people do without a mount too: a tree or a large file there, or
// here. The tool ftpfs does them by cp on its mount, nomount by ftpfs get and put.
var copyWorks = []*work{
	{name: "get-src", title: "a tree of 279 files, 1.8 MB, here", fixture: source, optional: true,
		script: `cp -r "$M/src" "$T/"`, check: fetched("src")},
	{name: "put-src", title: "and there", fixture: nothing, optional: true, changes: true, local: source,
		script: `cp -r "$L/src" "$M/"`, check: stored("src")},
	{name: "get-1G", title: "a file of 1 GiB here", fixture: huge, optional: true,
		script: `cp "$M/huge" "$T/"`, check: fetched("huge")},
	{name: "put-1G", title: "and there", fixture: nothing, optional: true, changes: true, local: huge,
		script: `cp "$L/huge" "$M/"`, check: stored("huge")},
	{name: "copy-64M", title: "a file of 64 MiB from the server to the server, by this machine", fixture: large, optional: true, changes: true,
		script: `cp "$M/large" "$M/copy"`, check: copied},
}

// copied checks the copy of a file that is the server's itself.
func copied(c *checking) error {
	return sameFileContent(filepath.Join(c.served, "copy"), noise("large", 64<<20))
}

// copiers do those, and each connects and logs in in its time.
var copiers = []*tool{
	{name: "nomount", env: commandEnv, scripts: map[string]string{
		"ls-lR":   `"$FTPFS" ls -lr "$URL"`,
		"get-src": `"$FTPFS" get -r "${URL}src" "$T/"`, "put-src": `"$FTPFS" put -r "$L/src" "$URL"`,
		"get-1G": `"$FTPFS" get "${URL}huge" "$T/"`, "put-1G": `"$FTPFS" put "$L/huge" "$URL"`,
		"read-64M": `"$FTPFS" get "${URL}large" "$T/"`, "cp-64M-in": `"$FTPFS" put "$L/large" "$URL"`,
		"copy-64M": `"$FTPFS" copy "${URL}large" "${URL}copy"`,
	}, checks: map[string]func(*checking) error{"ls-lR": printsLines(1050)}},
	{name: "rclone-copy", program: "rclone", env: rcloneEnv, scripts: map[string]string{
		"get-src": rcloneCopy(`:ftp:/src "$T/src"`), "put-src": rcloneCopy(`"$L/src" :ftp:/src`),
		"get-1G": rcloneCopy(`:ftp:/huge "$T/"`), "put-1G": rcloneCopy(`"$L/huge" :ftp:/`),
	}},
}

func rcloneCopy(what string) string {
	return `rclone copy --config /dev/null --transfers 8 ` + what
}

func rcloneEnv(s *site) []string {
	env := append(commandEnv(s), "RCLONE_FTP_HOST="+s.host, "RCLONE_FTP_PORT="+s.portText(), "RCLONE_FTP_USER="+s.user,
		"RCLONE_FTP_PASS="+obscured(s.password))
	if s.caFile != "" {
		env = append(env, "RCLONE_FTP_EXPLICIT_TLS=true", "RCLONE_FTP_NO_CHECK_CERTIFICATE=true") // it asks no --ca-cert for FTP
	}
	return env
}
