"use strict";
// Pictures as SVG, drawn in pixels of the place they have.

function svg(parent, name, attributes, text) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [k, v] of Object.entries(attributes || {})) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  parent.append(e);
  return e;
}

// scale returns a round number that is not less than most.
function scale(most) {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  for (const f of [1, 2, 2.5, 5, 10]) if (f * power >= most) return f * power;
  return 10 * power;
}

function scaleOctets(most) {
  let unit = 1;
  while (most >= 1024 * unit) unit *= 1024;
  return most > 0 ? scale(most / unit) * unit : 1024;
}

// Lines over time. series are {label, kind, of, step}: of takes a point's value, null
// is a gap.
class TimeChart {
  constructor(id, series, format, round) {
    this.root = document.getElementById(id);
    this.legend = document.getElementById(id + "-legend");
    this.series = series;
    this.format = format;
    this.round = round || scale;
    this.points = [];
    this.at = null; // where the pointer is, in seconds before the last point
    this.root.addEventListener("pointermove", e => {
      const box = this.root.getBoundingClientRect();
      this.at = (box.width - 8 - (e.clientX - box.left)) / (box.width - 72) * this.span;
      this.draw(this.points);
    });
    this.root.addEventListener("pointerleave", () => { this.at = null; this.draw(this.points); });
  }

  draw(points) {
    this.points = points;
    const width = this.root.clientWidth, height = this.root.clientHeight;
    const left = 64, right = width - 8, top = 8, bottom = height - 20;
    this.root.replaceChildren();
    if (!points.length || width < 100) return;
    const end = points[points.length - 1].at;
    const span = this.span = Math.max(60, end - points[0].at);
    let most = 0;
    for (const p of points) for (const s of this.series) most = Math.max(most, s.of(p) || 0);
    most = this.round(most);
    const x = at => right - (end - at) / span * (right - left);
    const y = v => bottom - v / most * (bottom - top);
    for (const part of [0, 0.5, 1]) {
      svg(this.root, "line", {class: "grid", x1: left, x2: right, y1: y(part * most), y2: y(part * most)});
      svg(this.root, "text", {x: left - 6, y: y(part * most) + 4, "text-anchor": "end"}, this.format(part * most));
    }
    for (const [part, anchor] of [[1, "start"], [0.5, "middle"], [0, "end"]]) {
      const text = part ? "−" + duration(part * span) : "now";
      svg(this.root, "text", {x: right - part * (right - left), y: height - 4, "text-anchor": anchor}, text);
    }
    this.outages(points, x, top, bottom);
    for (const s of this.series) this.line(s, points, x, y, bottom);
    const shown = this.pointed(points, end);
    if (this.at !== null) svg(this.root, "line", {class: "cursor", x1: x(shown.at), x2: x(shown.at), y1: top, y2: bottom});
    this.explain(shown);
  }

  outages(points, x, top, bottom) {
    for (let i = 1; i < points.length; i++) {
      if (points[i].down) {
        svg(this.root, "rect", {class: "outage", x: x(points[i - 1].at), y: top, width: Math.max(1, x(points[i].at) - x(points[i - 1].at)), height: bottom - top});
      }
    }
  }

  line(s, points, x, y, bottom) {
    let path = "", area = "", open = false, last = 0;
    const close = () => { if (open) area += `L${last},${bottom}Z`; open = false; };
    for (const p of points) {
      const v = s.of(p);
      if (v === null) { close(); continue; }
      const px = x(p.at).toFixed(1), py = y(v).toFixed(1);
      path += open ? `L${px},${py}` : `M${px},${py}`;
      area += open ? `L${px},${py}` : `M${px},${bottom}L${px},${py}`;
      open = true;
      last = px;
    }
    close();
    svg(this.root, "path", {class: "area " + s.kind, d: area});
    svg(this.root, "path", {class: "series " + s.kind, d: path});
  }

  // pointed is the point under the pointer, else the last.
  pointed(points, end) {
    let best = points[points.length - 1];
    if (this.at === null) return best;
    for (const p of points) if (Math.abs(end - this.at - p.at) < Math.abs(end - this.at - best.at)) best = p;
    return best;
  }

  explain(p) {
    this.legend.replaceChildren();
    for (const s of this.series) {
      const v = s.of(p);
      add(this.legend, "span", s.kind, e => {
        add(e, "i");
        e.append(s.label + " ");
        add(e, "b", "", v === null ? "none" : this.format(v));
      });
    }
    if (this.at !== null) add(this.legend, "span", "", new Date(p.at * 1000).toLocaleTimeString());
  }
}

// operationsChart draws a bar from the median to the 99th percentile of each kind,
// on a scale of powers of ten.
function operationsChart(root, list) {
  const rowHeight = 22, width = root.clientWidth, left = 76, right = width - 96;
  root.replaceChildren();
  if (!list.length || width < 200) return;
  root.style.height = list.length * rowHeight + 26 + "px";
  let low = 1, high = 1e-5;
  for (const o of list) {
    low = Math.min(low, o.p50_seconds);
    high = Math.max(high, o.p99_seconds);
  }
  const from = Math.floor(Math.log10(Math.max(low, 1e-6))), to = Math.max(from + 1, Math.ceil(Math.log10(high)));
  const x = s => left + (Math.log10(Math.max(s, 1e-6)) - from) / (to - from) * (right - left);
  const bottom = list.length * rowHeight + 4;
  const every = Math.max(1, Math.ceil((to - from) / Math.max(1, Math.floor((right - left) / 56))));
  for (let p = from; p <= to; p += every) {
    svg(root, "line", {class: "grid", x1: x(10 ** p), x2: x(10 ** p), y1: 0, y2: bottom});
    svg(root, "text", {x: x(10 ** p), y: bottom + 16, "text-anchor": "middle"}, latency(10 ** p));
  }
  list.forEach((o, i) => {
    const y = i * rowHeight + 4, from = x(o.p50_seconds), to = Math.max(x(o.p99_seconds), from + 4);
    svg(root, "text", {x: left - 8, y: y + 13, "text-anchor": "end"}, o.name);
    const bar = svg(root, "rect", {class: "mark in", x: from, y: y + 3, width: to - from, height: 11, rx: 3});
    svg(bar, "title", {}, `${o.name}: half within ${latency(o.p50_seconds)}, 99 of 100 within ${latency(o.p99_seconds)}, mean ${latency(o.mean_seconds)}; ${o.failed} of ${o.count} failed`);
    svg(root, "text", {x: width - 4, y: y + 13, "text-anchor": "end"}, o.count.toLocaleString("en") + (o.running ? " +" + o.running : ""));
  });
}
