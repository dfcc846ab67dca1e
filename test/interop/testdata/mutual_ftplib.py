"""Downloads or uploads with Python's ftplib, one line of JSON after the other.

A line has op (download, upload), port, timeout in seconds (0: none) and data,
which is base64; the answer is a line too: "ok", "wrong" if all seemed well and
the data is another's, or what ftplib said. Sizes are compared where the server has SIZE.
"""

import base64
import ftplib
import io
import json
import sys


def size(ftp):
    try:
        return ftp.size("file")
    except ftplib.error_perm:
        return None


def attempt(case):
    data = base64.b64decode(case["data"])
    ftp = ftplib.FTP(timeout=case["timeout"] or None)
    try:
        ftp.connect("127.0.0.1", case["port"])
        ftp.login()
        ftp.voidcmd("TYPE I")
        if case["op"] == "upload":
            ftp.storbinary("STOR file", io.BytesIO(data))
            if size(ftp) not in (None, len(data)):
                return "the size is another"
            return "ok"
        wanted = size(ftp)
        got = io.BytesIO()
        ftp.retrbinary("RETR file", got.write)
        if wanted not in (None, len(got.getvalue())):
            return "the size is another"
        return "ok" if got.getvalue() == data else "wrong"
    finally:
        ftp.close()


for line in sys.stdin:
    try:
        said = attempt(json.loads(line))
    except (ftplib.Error, EOFError, OSError, ValueError, AttributeError, IndexError) as e:
        said = "%s %s" % (type(e).__name__, e)
    print(said.replace("\n", " "), flush=True)
