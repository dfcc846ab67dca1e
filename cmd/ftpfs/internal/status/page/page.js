"use strict";
// Asks for the counters once a second while the page is seen, and shows them.

// add makes an element; text is its text, or a function that fills it.
function add(parent, name, kind, text) {
  const e = document.createElement(name);
  if (kind) e.className = kind;
  if (typeof text === "function") text(e);
  else if (text !== undefined) e.textContent = text;
  parent.append(e);
  return e;
}

function size(n) {
  if (n < 0) return "?";
  let unit = 0;
  while (n >= 1023.95 && unit < 5) { n /= 1024; unit++; }
  if (!unit) return Math.round(n) + " B";
  return (n < 10 ? n.toFixed(1) : Math.round(n)) + " " + "KMGTP"[unit - 1] + "iB";
}

const rate = n => size(n) + "/s";
const percent = f => f < 0 ? "–" : f > 0.99 && f < 1 ? Math.min(100 * f, 99.9).toFixed(1) + " %" : Math.round(100 * f) + " %";

function latency(s) {
  if (s < 1e-3) return Math.round(s * 1e6) + " µs";
  if (s < 0.01) return +(s * 1e3).toFixed(1) + " ms";
  if (s < 1) return Math.round(s * 1e3) + " ms";
  return +s.toFixed(1) + " s";
}

function duration(s) {
  s = Math.max(0, Math.round(s));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + (s % 60 ? s % 60 + " s" : "");
  if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor(s / 60) % 60 + " min";
  return Math.floor(s / 86400) + " d " + Math.floor(s / 3600) % 24 + " h";
}

const since = (now, time) => duration((Date.parse(now) - Date.parse(time)) / 1000);
const number = n => n >= 100 || Number.isInteger(n) ? Math.round(n).toLocaleString("en") : n.toFixed(1);
const counted = (n, one, more) => `${number(n)} ${n === 1 ? one : more}`;

const charts = [
  new TimeChart("throughput", [
    {label: "in", kind: "in", of: p => p.received_bytes_per_second},
    {label: "out", kind: "out", of: p => p.sent_bytes_per_second}], rate, scaleOctets),
  new TimeChart("connections", [
    {label: "open", kind: "out", of: p => p.connections},
    {label: "busy", kind: "in", of: p => p.busy_connections}], number, m => Math.max(2, 2 * Math.ceil(m / 2))),
  new TimeChart("requests", [
    {label: "a second", kind: "in", of: p => p.operations_per_second},
    {label: "failed", kind: "bad", of: p => p.failed_operations_per_second}], number),
  new TimeChart("latency", [
    {label: "mean", kind: "in", of: p => p.operations_per_second ? p.mean_seconds : null}], latency),
];

let history = [], lastTime = "", snapshot = null;

function showHeader(s) {
  document.title = s.mount.mountpoint + " – ftpfs";
  set("mountpoint", s.mount.mountpoint);
  set("source", `${s.mount.source} · process ${s.mount.pid} · mounted for ${since(s.time, s.mount.started)}` +
    (s.mount.read_only ? " · read-only" : "") + (s.mount.write_back ? " · write-back" : "") +
    (s.server.tls ? " · " + s.server.tls : " · not encrypted"));
  const state = document.getElementById("state");
  state.className = s.server.state;
  const time = since(s.time, s.server.since);
  state.textContent = s.server.state === "down" ? `The server is down for ${time}: ${s.server.last_error}`
    : s.server.state === "idle" ? `The server is up for ${time}; no connection is needed now` : `The server is up for ${time}`;
  set("version", s.version);
}

function set(id, text) { document.getElementById(id).textContent = text; }

function showTiles(s) {
  const root = document.getElementById("tiles");
  root.replaceChildren();
  const failed = s.operations.reduce((n, o) => n + o.failed, 0);
  for (const [value, label, bad] of [
    [rate(s.traffic.received_bytes_per_second), `in, ${size(s.traffic.received_bytes)} so far`],
    [rate(s.traffic.sent_bytes_per_second), `out, ${size(s.traffic.sent_bytes)} so far`],
    [`${s.connections.busy} / ${s.connections.limit}`, `connections busy, ${s.connections.open} open` + (s.connections.waiting ? `, ${s.connections.waiting} waiting` : "")],
    [percent(s.caches.content.hit_rate), "read from memory"],
    [number(s.uploads.pending), `uploads pending, ${s.uploads.failed} failed`, s.uploads.failed > 0],
    [number(failed), "requests failed", failed > 0],
  ]) {
    const tile = add(root, "div", bad ? "tile bad" : "tile");
    add(tile, "b", "", value);
    add(tile, "span", "", label);
  }
}

// bar shows a share with what it is.
function bar(parent, share, kind, ...texts) {
  const row = add(parent, "div", "row");
  add(row, "div", "", texts[0]);
  if (share >= 0) {
    const p = add(row, "progress", kind);
    p.max = 1;
    p.value = share;
  }
  if (texts[1]) add(row, "small", "", texts[1]);
}

function showCaches(c) {
  const root = document.getElementById("caches");
  root.replaceChildren();
  bar(root, c.content.bytes / c.content.limit_bytes, "", `Content in memory: ${size(c.content.bytes)} of ${size(c.content.limit_bytes)}, ${counted(c.content.files, "file", "files")}`,
    c.content.hit_rate < 0 ? "nothing was read yet" : `${percent(c.content.hit_rate)} of ${size(c.content.hit_bytes + c.content.waited_bytes)} read were there`);
  bar(root, c.listings.bytes / c.listings.limit_bytes, "", `Listings: ${size(c.listings.bytes)} of ${size(c.listings.limit_bytes)}, ${counted(c.listings.directories, "directory", "directories")}`,
    c.listings.hit_rate < 0 ? "nothing was asked yet" : `${percent(c.listings.hit_rate)} of ${number(c.listings.hits + c.listings.misses)} questions were answered at once`);
  if (c.disk) bar(root, c.disk.bytes / c.disk.limit_bytes, "", `On the disk: ${size(c.disk.bytes)} of ${size(c.disk.limit_bytes)}`, `${size(c.disk.hit_bytes)} read from ${c.disk.dir}`);
}

function showTransfers(list) {
  const root = document.getElementById("transfers");
  root.replaceChildren();
  if (!list.length) add(root, "p", "none", "none now");
  for (const t of list) {
    const done = t.from_byte + t.bytes, known = t.size >= 0;
    const left = known && t.bytes_per_second > 0 && t.state === "busy" ? `, ${duration((t.size - done) / t.bytes_per_second)} left` : "";
    bar(root, t.size > 0 ? Math.min(1, done / t.size) : known ? 1 : -1, t.kind, `${t.kind}: ${t.path || "."}`,
      `#${t.connection} · ${t.state === "parked" ? "rests" : rate(t.bytes_per_second)} · ${known ? `${size(done)} of ${size(t.size)}` : size(t.bytes)}${left}`);
  }
}

function showConnections(list) {
  const root = document.getElementById("list");
  root.replaceChildren();
  const head = add(root, "tr");
  for (const text of ["", "", "last command", ""]) add(head, "th", "", text);
  for (const c of list) {
    const row = add(root, "tr");
    add(row, "td", "", "#" + c.id);
    add(row, "td", "", c.state);
    add(row, "td", "path", c.last_command);
    add(row, "td", "", duration(c.last_command_seconds_ago) + " ago");
  }
}

function showUploads(now, u) {
  const root = document.getElementById("uploads");
  root.replaceChildren();
  add(root, "p", "note", `${number(u.confirmed)} confirmed by the server, ${number(u.given_up)} given up; ${size(u.spool_bytes)}${u.spool_limit_bytes ? " of " + size(u.spool_limit_bytes) : ""} written and held here`);
  for (const f of u.list) {
    const row = add(root, "div", "row " + f.state);
    add(row, "b", "", f.state);
    row.append(` /${f.path} `);
    add(row, "small", "", `${size(f.bytes)}, for ${since(now, f.since)}`);
    if (f.error) add(row, "div", "failed", f.error);
  }
  if (u.failed) add(root, "p", "note", "ftpfs uploads tells what can be done about what has failed.");
}

function showErrors(list) {
  const root = document.getElementById("errors");
  root.replaceChildren();
  if (!list.length) add(root, "p", "none", "none");
  for (const e of list) {
    const row = add(root, "div", "row");
    add(row, "small", "", new Date(e.time).toLocaleString() + (e.count > 1 ? `, ${e.count} times` : ""));
    add(row, "div", "", e.text);
  }
}

function show() {
  if (!snapshot) return;
  showHeader(snapshot);
  showTiles(snapshot);
  showCaches(snapshot.caches);
  showTransfers(snapshot.transfers);
  showConnections(snapshot.connections.list);
  showUploads(snapshot.time, snapshot.uploads);
  showErrors(snapshot.errors);
  operationsChart(document.getElementById("operations"), snapshot.operations);
  for (const c of charts) c.draw(history);
}

async function get(path) {
  const answer = await fetch(path, {cache: "no-store", signal: AbortSignal.timeout(5000)});
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

let silentSince = null;

async function update() {
  if (document.hidden) return;
  try {
    const [s, points] = await Promise.all([get("status.json"), get("history.json?after=" + encodeURIComponent(lastTime))]);
    snapshot = s;
    for (const p of points) {
      p.at = Date.parse(p.time) / 1000;
      lastTime = p.time;
      history.push(p);
    }
    history = history.slice(-600);
    silentSince = null;
    document.body.classList.remove("stale");
    show();
  } catch (err) {
    silentSince = silentSince || new Date();
    document.body.classList.add("stale");
    const state = document.getElementById("state");
    state.className = "down";
    state.textContent = `The mount does not answer since ${silentSince.toLocaleTimeString()}: it was unmounted, or its process has ended (ftpfs status)`;
  }
}

async function run() {
  await update();
  setTimeout(run, 1000);
}

addEventListener("resize", show);
run();
