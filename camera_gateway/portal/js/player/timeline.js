/* The time line: what there is of each camera over minutes, a day or a month, drawn on a canvas; dragged, zoomed and
   moved by pointer, wheel and fingers. For those who do not see it, it is a slider that says where it stands, and the
   same facts are in a table beside it. Colours are doubled by patterns, shapes and words. */

import { h } from "../dom.js";

const AXIS = 26;
const ROW = 30;
const MIN_MS = 20_000;
const MAX_MS = 45 * 86_400_000;
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800].map((s) => s * 1000);
const TICK_PX = 76;
const MERGE_PX = 1;

/** How the causes of gaps look: whose affair a gap is, by pattern. */
const LOOKS = {
  camera: ["camera-unreachable", "camera-auth", "camera-refused-sessions", "stream-stalled", "stream-corrupt", "codec-refused"],
  gateway: ["gateway-down", "disk-full", "disk-error", "spool-full", "clock-step", "unknown"],
  planned: ["schedule-off", "operator-disabled", "planned-maintenance"],
  gone: ["expired", "deleted", "integrity-failed"],
};
export const lookOf = (cause) => Object.keys(LOOKS).find((look) => LOOKS[look].includes(cause)) ?? "gateway";

/** Events: "seek" and "scrub" (detail: wall time, ms), "view" (the stretch shown has changed). */
export class Timeline extends EventTarget {
  /** `shared`: {t, cause: (code) => text, zone: ZoneClock, server}. */
  constructor(tracks, names, shared) {
    super();
    this.tracks = tracks;
    this.names = names;
    this.shared = shared;
    this.from = 0;
    this.to = 1;
    this.wall = null;
    this.limits = [-Infinity, Infinity];
    this.selection = null;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.bubble = h("div", { class: "player-bubble", hidden: true, "aria-hidden": "true" });
    this.element = h("div", { class: "player-timeline", role: "slider", tabindex: "0", "aria-label": shared.t("player.timeline"), "aria-valuemin": 0, "aria-valuemax": 86_400, "aria-valuenow": 0 }, this.canvas, this.bubble);
    this.#size = new ResizeObserver(() => this.draw());
    this.#size.observe(this.element);
    this.#theme = matchMedia("(prefers-color-scheme: dark)");
    this.#theme.addEventListener("change", this.#redraw);
    this.#listen();
  }

  #size;
  #theme;
  #pending = 0;
  #hover = null;
  #fingers = new Map();
  #drag = null;
  #redraw = () => this.draw();

  close() {
    this.#size.disconnect();
    this.#theme.removeEventListener("change", this.#redraw);
    cancelAnimationFrame(this.#pending);
  }

  get height() {
    return AXIS + ROW * this.tracks.length;
  }

  /** Show a stretch. */
  show(from, to) {
    const length = Math.min(MAX_MS, Math.max(MIN_MS, to - from));
    const middle = (from + to) / 2;
    this.from = middle - length / 2;
    this.to = middle + length / 2;
    this.draw();
    this.dispatchEvent(new Event("view"));
  }

  /** Longer (`factor` above 1) or shorter, around a moment that stays where it is. */
  zoom(factor, around = this.wall ?? (this.from + this.to) / 2) {
    const length = Math.min(MAX_MS, Math.max(MIN_MS, (this.to - this.from) * factor));
    const share = (around - this.from) / (this.to - this.from);
    const inside = share >= 0 && share <= 1 ? share : 0.5;
    this.show(around - length * inside, around + length * (1 - inside));
  }

  pan(share) {
    const by = (this.to - this.from) * share;
    this.show(this.from + by, this.to + by);
  }

  /** Where playing stands; the line follows when it runs out of sight. */
  stand(wall, { follow = false } = {}) {
    this.wall = wall;
    const length = this.to - this.from;
    if (follow && !this.#drag && (wall < this.from || wall > this.to - length * 0.02)) this.show(wall - length * 0.1, wall + length * 0.9);
    else this.draw();
    this.#say();
  }

  #say() {
    const { zone, t, cause } = this.shared;
    const { wall, element } = this;
    if (wall === null) return;
    const gap = this.tracks[0].gapAt(wall);
    const what = gap ? t("player.in-gap", { cause: cause(gap.cause) }) : this.tracks[0].has(wall) === false ? t("player.nothing") : "";
    element.setAttribute("aria-valuemin", Math.floor(this.from / 1000));
    element.setAttribute("aria-valuemax", Math.ceil(this.to / 1000));
    element.setAttribute("aria-valuenow", Math.min(Math.ceil(this.to / 1000), Math.max(Math.floor(this.from / 1000), Math.floor(wall / 1000))));
    element.setAttribute("aria-valuetext", `${zone.day(wall)} ${zone.time(wall)}${what ? `, ${what}` : ""}`);
  }

  /* ---- hands */

  #wallAt(event) {
    const box = this.canvas.getBoundingClientRect();
    return this.from + ((event.clientX - box.left) / box.width) * (this.to - this.from);
  }

  #listen() {
    const { element } = this;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, (event) => this.#up(event, name === "pointerup"));
    element.addEventListener("pointerleave", () => { this.#hover = null; this.bubble.hidden = true; this.draw(); });
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #down(event) {
    if (event.button) return;
    this.element.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, event);
    if (this.#fingers.size === 2) {
      const [one, two] = [...this.#fingers.values()].map((each) => this.#wallAt(each));
      this.#drag = { kind: "pinch", one, two };
      return;
    }
    const box = this.canvas.getBoundingClientRect();
    const pan = event.clientY - box.top < AXIS || event.shiftKey;
    this.#drag = { kind: pan ? "pan" : "scrub", x: event.clientX, from: this.from, to: this.to, moved: false };
    if (!pan) this.#scrub(event, false);
  }

  #move(event) {
    if (this.#fingers.has(event.pointerId)) this.#fingers.set(event.pointerId, event);
    this.#hover = this.#wallAt(event);
    const drag = this.#drag;
    if (drag?.kind === "pinch" && this.#fingers.size === 2) this.#pinch(drag);
    else if (drag?.kind === "pan") {
      const width = this.canvas.clientWidth || 1;
      const by = ((drag.x - event.clientX) / width) * (drag.to - drag.from);
      drag.moved ||= Math.abs(event.clientX - drag.x) > 3;
      if (drag.moved) this.show(drag.from + by, drag.to + by);
    } else if (drag?.kind === "scrub") {
      drag.moved ||= Math.abs(event.clientX - drag.x) > 3;
      if (drag.moved) this.#scrub(event, true);
    }
    this.#tell(event);
    this.draw();
  }

  #pinch(drag) {
    const [a, b] = [...this.#fingers.values()];
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [a.clientX - box.left, b.clientX - box.left];
    if (Math.abs(y - x) < 10) return;
    const perPixel = (drag.two - drag.one) / (y - x);
    if (perPixel <= 0) return;
    const from = drag.one - x * perPixel;
    this.show(from, from + perPixel * box.width);
  }

  #up(event, meant) {
    const drag = this.#drag;
    this.#fingers.delete(event.pointerId);
    if (this.#fingers.size) return;
    this.#drag = null;
    if (!drag || !meant) return;
    if (drag.kind === "scrub" || (drag.kind === "pan" && !drag.moved)) this.dispatchEvent(new CustomEvent("seek", { detail: this.#wallAt(event) }));
  }

  #scrub(event, dragging) {
    this.wall = this.#wallAt(event);
    this.draw();
    if (dragging) this.dispatchEvent(new CustomEvent("scrub", { detail: this.wall }));
  }

  #wheel(event) {
    event.preventDefault();
    const size = event.deltaMode === 1 ? 30 : event.deltaMode === 2 ? 300 : 1;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(((event.deltaX || event.deltaY) * size) / 1500);
    else this.zoom(1.0016 ** (event.deltaY * size), this.#wallAt(event));
  }

  #tell(event) {
    const { zone, cause, t } = this.shared;
    const box = this.canvas.getBoundingClientRect();
    const wall = this.#hover;
    const row = Math.min(this.tracks.length - 1, Math.max(0, Math.floor((event.clientY - box.top - AXIS) / ROW)));
    const track = this.tracks[row];
    const gap = track.gapAt(wall);
    const near = ((this.to - this.from) / box.width) * 6;
    const incident = track.incidents.find((one) => Math.abs(one.from - wall) < near);
    const parts = [`${zone.day(wall)} ${zone.time(wall)}`];
    if (incident) parts.push(`${t("player.incident")}: ${incident.text ?? ""}`);
    if (gap) parts.push(cause(gap.cause));
    else if (track.has(wall) === false) parts.push(t("player.nothing"));
    this.bubble.textContent = parts.join(" · ");
    this.bubble.hidden = false;
    const half = this.bubble.offsetWidth / 2;
    this.bubble.style.setProperty("left", `${Math.min(box.width - half, Math.max(half, event.clientX - box.left))}px`);
  }

  /* ---- drawing */

  /** Draw with the next frame. */
  draw() {
    if (this.#pending) return;
    this.#pending = requestAnimationFrame(() => {
      this.#pending = 0;
      this.#paint();
    });
  }

  #paint() {
    const { canvas, element, tracks } = this;
    const ratio = Math.min(3, devicePixelRatio || 1);
    const width = element.clientWidth;
    if (!width) return;
    const { height } = this;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.setProperty("height", `${height}px`);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(element);
    const colour = (name) => style.getPropertyValue(name).trim();
    const ink = {
      ground: colour("--sunken"), line: colour("--line-strong"), soft: colour("--line"), ink: colour("--ink"), dim: colour("--ink-2"), surface: colour("--surface"),
      kept: colour("--accent"), bad: colour("--bad-fill"), warn: colour("--warn-fill"), mute: colour("--mute-fill"), good: colour("--good-fill"), head: colour("--focus"),
    };
    const font = style.fontFamily;
    const x = (wall) => ((wall - this.from) / (this.to - this.from)) * width;
    pen.fillStyle = ink.surface;
    pen.fillRect(0, 0, width, height);
    this.#axis(pen, x, width, height, ink, font);
    tracks.forEach((track, row) => this.#row(pen, track, row, x, width, ink, font, ratio));
    this.#lines(pen, x, width, height, ink);
  }

  #axis(pen, x, width, height, ink, font) {
    const { zone } = this.shared;
    const perTick = ((this.to - this.from) / width) * TICK_PX;
    const step = STEPS_MS.find((one) => one >= perTick) ?? STEPS_MS.at(-1);
    pen.font = `12px ${font}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const shift = zone.offset(this.from);
    for (let wall = Math.ceil((this.from + shift) / step) * step - shift; wall < this.to; wall += step) {
      const at = Math.round(x(wall)) + 0.5;
      const fields = zone.fields(wall);
      const midnight = fields.hour === "00" && fields.minute === "00" && fields.second === "00";
      pen.strokeStyle = midnight ? ink.line : ink.soft;
      pen.beginPath();
      pen.moveTo(at, AXIS - 6);
      pen.lineTo(at, height);
      pen.stroke();
      pen.fillStyle = midnight ? ink.ink : ink.dim;
      const text = midnight ? `${fields.day}.${fields.month}` : step < 60_000 ? `${fields.hour}:${fields.minute}:${fields.second}` : `${fields.hour}:${fields.minute}`;
      const half = pen.measureText(text).width / 2 + 2;
      if (at > half && at < width - half) pen.fillText(text, at, (AXIS - 6) / 2 + 1);
    }
  }

  #row(pen, track, row, x, width, ink, font, ratio) {
    const top = AXIS + row * ROW + 4;
    const tall = ROW - 8;
    const shown = (one) => one.from < this.to && (one.to ?? Infinity) > this.from;
    const bar = (one, fill, y = top, size = tall, least = 1.5) => {
      const left = Math.max(0, x(one.from));
      const right = Math.min(width, x(one.to ?? this.to));
      pen.fillStyle = fill;
      pen.fillRect(left, y, Math.max(least, right - left), size);
      return [left, right];
    };
    pen.fillStyle = ink.ground;
    pen.fillRect(0, top, width, tall);
    for (const span of merged(track.spans.filter(shown), ((this.to - this.from) / width) * MERGE_PX)) {
      if (span.state === "stored") bar(span, ink.kept);
      else { bar(span, pattern(pen, "spool", ink, ratio)); bar(span, ink.kept, top + tall - 3, 3); }
    }
    if (track.activity.length) this.#activity(pen, track.activity.filter(shown), x, top, tall, ink);
    for (const one of track.impairments.filter(shown)) bar(one, pattern(pen, "impaired", ink, ratio), top, tall / 2, 2);
    for (const gap of track.gaps.filter(shown)) {
      const look = lookOf(gap.cause);
      const [left, right] = bar(gap, pattern(pen, look, ink, ratio), top, tall, 2);
      this.#label(pen, this.shared.cause(gap.cause), left, right, top + tall / 2, ink, font);
    }
    for (const hold of track.holds.filter(shown)) {
      const [left, right] = bar(hold, ink.good, top - 3, 3, 3);
      this.#label(pen, this.shared.t("player.hold"), left, right, top + 6, ink, font, 10);
    }
    for (const one of track.incidents.filter(shown)) flag(pen, x(one.from), top, ink);
    if (this.tracks.length > 1) this.#label(pen, this.names[row], 4, width, top + tall / 2, ink, font, 12, "start");
  }

  #activity(pen, list, x, top, tall, ink) {
    pen.fillStyle = ink.surface;
    pen.globalAlpha = 0.45;
    // 1 is what is usual: twice as much fills the row
    for (let i = 0; i < list.length; i += 1) {
      const left = x(list[i].from);
      const right = i + 1 < list.length ? Math.min(x(list[i + 1].from), left + 40) : left + 2;
      const size = tall * Math.min(1, Math.max(0, list[i].value - 0.5) / 1.5);
      pen.fillRect(left, top + tall - size, Math.max(1, right - left - 0.5), size);
    }
    pen.globalAlpha = 1;
  }

  #label(pen, text, left, right, middle, ink, font, size = 12, align = "center") {
    pen.font = `600 ${size}px ${font}`;
    const needed = pen.measureText(text).width + 12;
    if (right - left < needed) return;
    const at = align === "start" ? left + needed / 2 : (left + right) / 2;
    pen.fillStyle = ink.surface;
    pen.globalAlpha = 0.92;
    pen.fillRect(at - needed / 2, middle - size / 2 - 3, needed, size + 6);
    pen.globalAlpha = 1;
    pen.fillStyle = ink.ink;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(text, at, middle + 0.5);
  }

  #lines(pen, x, width, height, ink) {
    const rule = (wall, fill, thick) => {
      const at = x(wall);
      if (at < -2 || at > width + 2) return;
      pen.fillStyle = fill;
      pen.fillRect(at - thick / 2, 0, thick, height);
    };
    for (const limit of this.limits) {
      if (!Number.isFinite(limit)) continue;
      const at = x(limit);
      pen.fillStyle = ink.ground;
      pen.globalAlpha = 0.7;
      if (limit === this.limits[0] && at > 0) pen.fillRect(0, AXIS, Math.min(width, at), height);
      if (limit === this.limits[1] && at < width) pen.fillRect(Math.max(0, at), AXIS, width, height);
      pen.globalAlpha = 1;
    }
    if (this.selection) {
      const [a, b] = [x(this.selection.from), x(this.selection.to)];
      pen.fillStyle = ink.warn;
      pen.globalAlpha = 0.3;
      pen.fillRect(a, AXIS, Math.max(2, b - a), height);
      pen.globalAlpha = 1;
      pen.fillRect(a - 1, AXIS - 4, 2, height);
      pen.fillRect(b - 1, AXIS - 4, 2, height);
    }
    rule(this.shared.server.now(), ink.mute, 1);
    if (this.#hover !== null) rule(this.#hover, ink.line, 1);
    if (this.wall !== null) {
      rule(this.wall, ink.surface, 5);
      rule(this.wall, ink.head, 2.5);
      const at = x(this.wall);
      pen.fillStyle = ink.head;
      pen.beginPath();
      pen.moveTo(at - 6, AXIS - 10);
      pen.lineTo(at + 6, AXIS - 10);
      pen.lineTo(at, AXIS - 1);
      pen.fill();
    }
  }
}

/** Spans of one state that a screen cannot tell apart as one. */
function merged(spans, seam) {
  const result = [];
  for (const span of spans) {
    const last = result.at(-1);
    if (last && last.state === span.state && span.from - last.to <= Math.max(seam, 1500)) last.to = Math.max(last.to, span.to);
    else result.push({ from: span.from, to: span.to, state: span.state });
  }
  return result;
}

function flag(pen, at, top, ink) {
  pen.fillStyle = ink.bad;
  pen.strokeStyle = ink.surface;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(at, top + 15);
  pen.lineTo(at - 8, top - 2);
  pen.lineTo(at + 8, top - 2);
  pen.closePath();
  pen.fill();
  pen.stroke();
  pen.lineWidth = 1;
  pen.fillStyle = ink.surface;
  pen.fillRect(at - 1, top, 2, 7);
  pen.fillRect(at - 1, top + 8.5, 2, 2);
}

const tiles = new WeakMap();

/** A pattern: stripes for a camera's gaps, a grid for ours, dots for what was planned, bars for what is gone. */
function pattern(pen, look, ink, ratio) {
  const known = tiles.get(pen) ?? tiles.set(pen, new Map()).get(pen);
  const key = `${look}|${ink.surface}|${ink.bad}|${ratio}`;
  if (known.has(key)) return known.get(key);
  const size = 8;
  const tile = document.createElement("canvas");
  tile.width = size * ratio;
  tile.height = size * ratio;
  const brush = tile.getContext("2d");
  brush.scale(ratio, ratio);
  const stroke = (...points) => {
    brush.beginPath();
    for (let i = 0; i < points.length; i += 4) { brush.moveTo(points[i], points[i + 1]); brush.lineTo(points[i + 2], points[i + 3]); }
    brush.stroke();
  };
  const paints = {
    camera: [ink.surface, ink.bad, () => stroke(-2, 10, 10, -2, -6, 6, 6, -6, 2, 14, 14, 2)],
    gateway: [ink.surface, ink.warn, () => stroke(0, 4, 8, 4, 4, 0, 4, 8)],
    planned: [ink.surface, ink.mute, () => { brush.beginPath(); brush.arc(4, 4, 1.6, 0, 7); brush.fill(); }],
    gone: [ink.surface, ink.ink, () => stroke(2, 0, 2, 8, 6, 0, 6, 8)],
    spool: [ink.surface, ink.kept, () => stroke(-2, -2, 10, 10, -6, 2, 6, 14, 2, -6, 14, 6)],
    impaired: [ink.warn, ink.surface, () => stroke(0, 8, 4, 2, 4, 2, 8, 8)],
  };
  const [ground, paint, work] = paints[look];
  brush.fillStyle = ground;
  brush.fillRect(0, 0, size, size);
  brush.strokeStyle = paint;
  brush.fillStyle = paint;
  brush.lineWidth = look === "spool" ? 3 : 2;
  work();
  const made = pen.createPattern(tile, "repeat");
  made.setTransform(new DOMMatrix().scale(1 / ratio));
  known.set(key, made);
  return made;
}
