"""Calls each method of Python's ftplib and prints, a line each, what came of it.

The arguments are one object in JSON: host, port, user, password, mode (plain,
explicit, implicit), ca, src (a local tree), out (a new local directory), only
(the steps to take, all if empty), reuse (resume TLS sessions for data).
"""

import ftplib
import io
import json
import os
import ssl
import sys

A = json.loads(sys.argv[1])


class Secure(ftplib.FTP_TLS):
    """FTP_TLS that can do what ftplib's documentation leaves to its users."""

    def connect(self, *args, **kwargs):
        self.certfile = self.keyfile = None
        if A["mode"] != "implicit":
            return super().connect(*args, **kwargs)
        import socket
        self.host, self.port, self.timeout = A["host"], A["port"], 10
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.af = plain.family
        self.sock = self.context.wrap_socket(plain, server_hostname=self.host)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome

    def ntransfercmd(self, cmd, rest=None):
        if not A["reuse"]:
            return super().ntransfercmd(cmd, rest)
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if self._prot_p:
            conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
        return conn, size


def connected():
    if A["mode"] == "plain":
        ftp = ftplib.FTP(timeout=10)
    else:
        ftp = Secure(timeout=10, context=ssl.create_default_context(cafile=A["ca"]))
    ftp.connect(A["host"], A["port"])
    ftp.login(A["user"], A["password"])
    if A["mode"] != "plain":
        ftp.prot_p()
    return ftp


def local_files():
    for folder, _, names in os.walk(A["src"]):
        for name in sorted(names):
            path = os.path.join(folder, name)
            yield path, os.path.relpath(path, A["src"])


def got(ftp, name, **kwargs):
    data = io.BytesIO()
    ftp.retrbinary("RETR " + name, data.write, **kwargs)
    return data.getvalue()


def check(what, is_, wanted):
    if is_ != wanted:
        raise AssertionError("%s: %r is not %r" % (what, is_, wanted))


BIG = open(os.path.join(A["src"], "plain.bin"), "rb").read() if A["src"] else b""


def storbinary(ftp):
    for folder in ("up", "up/sub dir", "up/sub dir/deep"):
        check("mkd", ftp.mkd(folder).strip("/"), folder)
    for path, name in local_files():
        with open(path, "rb") as f:
            ftp.storbinary("STOR up/" + name, f, blocksize=1000)


def retrbinary(ftp):
    for path, name in local_files():
        target = os.path.join(A["out"], name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as f:
            ftp.retrbinary("RETR up/" + name, f.write)


def cwd(ftp):
    ftp.cwd("up/sub dir")
    check("pwd", ftp.pwd(), "/up/sub dir")
    ftp.cwd("..")
    check("pwd", ftp.pwd(), "/up")
    ftp.cwd("/")
    check("pwd", ftp.pwd(), "/")


def nlst(ftp):
    check("nlst", sorted(os.path.basename(n) for n in ftp.nlst("up")), sorted(os.listdir(A["src"])))


def dir_(ftp):
    rows = []
    ftp.cwd("/up")
    ftp.dir(rows.append)
    ftp.cwd("/")
    for name in os.listdir(A["src"]):
        check(name, any(row.endswith(" " + name) for row in rows), True)


def mlsd(ftp):
    facts = dict(ftp.mlsd("up", ["type", "size"]))
    check("names", sorted(n for n in facts if n not in (".", "..")), sorted(os.listdir(A["src"])))
    check("type", facts["sub dir"]["type"], "dir")
    check("size", facts["plain.bin"]["size"], str(len(BIG)))


def size(ftp):
    ftp.voidcmd("TYPE I")
    check("size", ftp.size("up/plain.bin"), len(BIG))


def mdtm(ftp):
    check("mdtm", ftp.sendcmd("MDTM up/plain.bin")[:6], "213 20")


def rest(ftp):
    check("rest", got(ftp, "up/plain.bin", rest=1000) == BIG[1000:], True)


def rest_stor(ftp):
    ftp.storbinary("STOR up/rest", io.BytesIO(BIG[:1000]))
    ftp.storbinary("STOR up/rest", io.BytesIO(BIG[1000:]), rest=1000)
    check("rest", got(ftp, "up/rest") == BIG, True)
    ftp.delete("up/rest")


def appe(ftp):
    ftp.storbinary("STOR up/appe", io.BytesIO(b"one"))
    ftp.storbinary("APPE up/appe", io.BytesIO(b"two"))
    check("appe", got(ftp, "up/appe"), b"onetwo")
    ftp.delete("up/appe")


def lines(ftp):
    ftp.storlines("STOR up/ascii", io.BytesIO(b"one\ntwo\nthree\n"))
    rows = []
    ftp.retrlines("RETR up/ascii", rows.append)
    check("retrlines", rows, ["one", "two", "three"])


def rename(ftp):
    ftp.rename("up/two words.txt", "up/three")
    check("rename", got(ftp, "up/three"), b"two words")


def delete(ftp):
    ftp.delete("up/empty")
    ftp.mkd("up/new")
    ftp.rmd("up/new")


def missing(ftp):
    try:
        got(ftp, "up/nothing here")
    except ftplib.error_perm as e:
        check("code", str(e)[:3], "550")
    else:
        raise AssertionError("a missing file was got")


def active(ftp):
    ftp.set_pasv(False)
    try:
        check("active", got(ftp, "up/plain.bin") == BIG, True)
        ftp.storbinary("STOR up/active", io.BytesIO(BIG))
        check("active", ftp.sendcmd("NOOP")[:1], "2")
    finally:
        ftp.set_pasv(True)


def abort(ftp):
    conn = ftp.transfercmd("RETR up/plain.bin")
    conn.recv(1)
    conn.close()
    try:
        ftp.abort()  # reads one answer: the transfer's, or that to ABOR
    except (ftplib.error_temp, ftplib.error_perm):
        pass  # 426, or 500 where there is no ABOR
    ftp.putcmd("PWD")  # what comes before its 257 belongs to the above
    before = []
    while not before or before[-1][:3] != "257" and len(before) < 5:
        before.append(ftp.getmultiline())
    check("answers", before[-1][:3], "257")
    check("after abort", got(ftp, "up/plain.bin") == BIG, True)


def quit_(ftp):
    check("quit", ftp.quit()[:1], "2")


STEPS = (storbinary, retrbinary, cwd, nlst, dir_, mlsd, size, mdtm, rest, rest_stor, appe, lines, rename, delete,
         missing, active, abort, quit_)


def main():
    ftp = connected()
    for step in STEPS:
        name = step.__name__.strip("_")
        if A["only"] and name not in A["only"]:
            continue
        try:
            if ftp.sock is None:
                ftp = connected()
            step(ftp)
            print("%s: ok" % name)
        except (ftplib.Error, AssertionError, EOFError, OSError) as e:
            print("%s: %s %s" % (name, type(e).__name__, str(e).replace("\n", " ")[:200]))
            if not isinstance(e, (ftplib.error_perm, AssertionError)):
                ftp.close()


if __name__ == "__main__":
    main()
