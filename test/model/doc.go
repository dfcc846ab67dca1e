// Package model runs mounts at random while somebody else changes the server,
// and holds all that was seen in them against a model of what may be seen.
//
// # What is promised
//
// TTL is the mount's --attr-timeout. What is seen in [t0,t1] obeys:
//
//   - A listing of a directory is one listing of the server, made no earlier
//     than TTL before t0, with changes of this mount put over it: those that
//     ended no earlier than TTL before t0. The server makes its listing between
//     two moments, the command and the last reply, and every name in it, or
//     not in it, was so at some moment in between. It is never of two listings.
//     The types of what it names can be newer: they come with the attributes.
//   - What stat and open find of a name is what it was at some moment no earlier
//     than TTL before t0, or what a change of this mount made of it since then.
//     The kernel counts TTL from when it takes an answer, which on a busy machine
//     is later than when it was given: the window grows by the longest
//     operation that ended shortly before.
//   - Nothing is seen that is older than the last change of this mount that had
//     ended by t0: that change is seen, or a later one.
//   - What is read of a file is of one version, from its first octet on, and that
//     version existed in the window. If the file was replaced between the look and
//     the read, it can be cut to the size of the version that was looked at, and
//     the kernel, if it has heard of the new size, fills it with zeros up to that.
//     (This is a known weakness, and the model lets nothing else of it pass.)
//
// What happens while something is seen may be seen or not. Time is that of one
// clock, and slowness makes the windows larger, never smaller.
//
// The model has for each name all its changes with the times between which they
// were made, by the mount ("own") or by the other side, which uses an FTP client
// of its own, or the server's disk. The listings of the server are observed by a
// relay between mount and server.
package model
