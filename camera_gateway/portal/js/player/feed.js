/* Footage of one camera into one <video>: playlists read, fragments fetched and appended, by Media Source Extensions.

   The time line of the video element is wall time: `currentTime` 0 is the feed's `epoch`, and a gap in the footage is
   a gap in what is buffered. What a picture's wall time is to the microsecond is what the fragment itself says (prft),
   else what the playlist says. It draws nothing and decides nothing about playing; those are the view's affairs. */

import { hideTracks, readFragment, readInit, Splitter } from "./mp4.js";
import { parsePlaylist } from "./playlist.js";

const WINDOW_MS = 10 * 60_000;
const BEFORE_MS = 4_000;
const ASK_AHEAD_MS = 60_000;
const ASK_AGAIN_MS = 4_000;
const RECENT_MS = 90_000;
const AHEAD_S = 16;
const BEHIND_S = 20;
const SPAN_S = 45 * 86_400;
const SEAM_S = 0.06;
const STEADY_S = 0.03;
const LIVE_POLL_MS = 400;
const RETRY_MS = 1_500;
const MIME = "video/mp4";

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;
export const canPlay = Boolean(Source);
const supported = (codecs) => Boolean(Source?.isTypeSupported(`${MIME}; codecs="${codecs}"`));
const once = (target, ...names) => new Promise((done) => {
  const controller = new AbortController();
  for (const name of names) target.addEventListener(name, () => { controller.abort(); done(name); }, { signal: controller.signal });
});

/** What the server refused: `status` and its problem document. */
export class FeedProblem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? `http-${status}`;
    this.body = body;
  }
}

async function get(url, signal, range = null) {
  const headers = range ? { Range: `bytes=${range.offset}-${range.offset + range.size - 1}` } : {};
  const response = await fetch(url, { headers, signal, credentials: "same-origin", cache: "no-store", redirect: "error" });
  if (response.ok) return response;
  let body = {};
  try { body = await response.json(); } catch { /* not every error has a document */ }
  throw new FeedProblem(response.status, body);
}

/**
 * Events: "change" (more is known or buffered), "rendition" (what is played is not the original), "trouble" (detail: an
 * error). `clock` is told of every answer, so that it learns the server's time.
 */
export class Feed extends EventTarget {
  /** `base`: address of the camera in the API, without a slash at its end. `expected(from, to)`: may there be any? */
  constructor(video, base, clock, expected = () => true) {
    super();
    this.expected = expected;
    this.video = video;
    this.base = base;
    this.clock = clock;
    this.epoch = 0;
    this.codec = "";
    this.rendition = null;
    this.size = null;
    this.live = false;
    /** @type {{start: number, end: number, wall: number, times: number[], entry: object}[]} what is buffered, in order */
    this.pieces = [];
    this.#forget();
    this.#abort = new AbortController();
  }

  #abort;
  #source = null;
  #buffer = null;
  #mime = "";
  #map = "";
  #init = null;
  #inits = new Map();
  #hidden = new Set();
  #entries = [];
  #windows = [];
  #wake = () => {};
  #offset = { run: null, value: 0 };
  #target = null;
  #reads = 0;
  #askedAt = -Infinity;
  #sets = 0;
  #whole = new Set();
  #needKey = false;

  #forget() {
    this.#entries = [];
    this.#windows = [];
    this.#whole.clear();
  }

  /** Show footage from a moment on (ms since 1970); what is buffered stays where it can. */
  async seek(wall) {
    if (this.live || !this.#source || !this.#within(wall)) await this.#open(wall);
    const time = (wall - this.epoch) / 1000;
    this.#target = time;
    this.video.currentTime = time;
    if (!this.#pieceAt(time)) this.#restart();
    else this.#wake();
  }

  /** Begin anew at a moment, after a picture that the decoder refused. */
  async reopen(wall) {
    this.#source = null;
    await this.seek(wall);
  }

  /** Ask for what every browser plays, with its sound, from a moment on. */
  async useRendition(wall) {
    this.rendition = "h264";
    this.#forget();
    this.#inits.clear();
    if (this.live) await this.goLive();
    else await this.reopen(wall);
  }

  /** Show what happens now. */
  async goLive() {
    await this.#open(Date.now());
    this.live = true;
    this.#restart();
  }

  close() {
    this.#abort.abort();
    this.#detach();
  }

  /** Wall time (ms) of the picture at a media time (s); null where nothing is known of it. */
  wallAt(time) {
    const piece = this.#pieceAt(time + 0.0005) ?? this.#pieceAt(time);
    return piece ? piece.wall + (time - piece.start) * 1000 : null;
  }

  timeOf(wall) {
    return (wall - this.epoch) / 1000;
  }

  /** When the next footage begins that the playlists know of, at or after a moment; null where they know of none. */
  nextKnown(wall) {
    const next = this.#entries.find((entry) => entry.end > wall + 1 && !entry.gone);
    return next ? Math.max(next.start, wall) : null;
  }

  /** Whether the playlist of a moment has been read. */
  knows(wall) {
    return this.#windows.some(([from, to]) => from <= wall && wall < to);
  }

  /** Media times of the picture before and after the one shown at `time`; null where it is not buffered. */
  neighbours(time) {
    const index = this.pieces.findIndex((piece) => piece.start <= time + 0.0005 && time < piece.end);
    if (index < 0) return { before: null, after: null };
    const times = [this.pieces[index - 1], this.pieces[index], this.pieces[index + 1]].flatMap((piece) => piece?.times ?? []);
    const at = times.findLastIndex((one) => one <= time + 0.0005);
    return { before: times[at - 1] ?? null, after: times[at + 1] ?? null };
  }

  /** Nominal length of a picture at a media time, in ms. */
  frameMs(time) {
    const piece = this.#pieceAt(time);
    return piece ? ((piece.end - piece.start) / piece.times.length) * 1000 : 40;
  }

  #pieceAt(time) {
    return this.pieces.find((piece) => piece.start <= time && time < piece.end) ?? null;
  }

  #within(wall) {
    const time = (wall - this.epoch) / 1000;
    return time > 0 && time < SPAN_S;
  }

  #detach() {
    if (this.#source?.url) URL.revokeObjectURL(this.#source.url);
    this.#source = null;
    this.#buffer = null;
    this.#mime = "";
    this.#map = "";
    this.pieces = [];
    this.#whole.clear();
    this.video.removeAttribute("src");
  }

  async #open(wall) {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#detach();
    if (this.live) this.#forget();
    this.live = false;
    this.epoch = wall - (SPAN_S / 2) * 1000;
    this.#offset = { run: null, value: 0 };
    const source = new Source();
    this.#source = source;
    this.video.disableRemotePlayback = true;
    const url = URL.createObjectURL(source);
    this.video.src = url;
    await Promise.race([once(source, "sourceopen"), new Promise((done) => { signal.addEventListener("abort", done); })]);
    URL.revokeObjectURL(url);
    if (!signal.aborted) source.duration = SPAN_S;
  }

  #restart() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#needKey = true;
    const { signal } = this.#abort;
    (this.live ? this.#follow(signal) : this.#work(signal)).catch((error) => {
      if (!signal.aborted) this.dispatchEvent(new CustomEvent("trouble", { detail: error }));
    });
  }

  #pause(signal, ms) {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => { clearTimeout(timer); done(); };
      signal.addEventListener("abort", this.#wake, { once: true });
    });
  }

  /** Keep what is ahead of the playhead filled. */
  async #work(signal) {
    let fails = 0;
    while (!signal.aborted) {
      let entry = null;
      try {
        entry = await this.#next(signal);
        if (!entry) { await this.#pause(signal, 250); continue; }
        await this.#append(entry, signal);
        fails = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (error.status === 401 || error.status === 403 || error.name === "NotSupportedError") throw error;
        fails += 1;
        // what cannot be had is passed over, and said; the footage after it plays
        if (entry && (error.status === 404 || error instanceof RangeError || fails >= 3)) { entry.gone = true; fails = 0; }
        if (!entry ? fails === 3 : entry.gone) this.dispatchEvent(new CustomEvent("trouble", { detail: error }));
        if (!entry?.gone) await this.#pause(signal, RETRY_MS);
      }
    }
  }

  /** The next entry to fetch, or null while enough is buffered. */
  async #next(signal) {
    const playhead = this.#playhead();
    let at = playhead;
    let ahead = 0;
    const limit = AHEAD_S * Math.min(4, Math.max(1, this.video.playbackRate));
    for (;;) {
      const piece = this.pieces.find((one) => one.start <= at + SEAM_S && at < one.end - 0.001);
      if (piece) {
        ahead += piece.end - Math.max(at, playhead);
        if (ahead > limit) return null;
        at = piece.end;
        continue;
      }
      const wall = this.epoch + at * 1000;
      const soon = performance.now() - this.#askedAt < ASK_AGAIN_MS;
      if (!this.knows(wall)) { if (!soon) await this.#ask(wall, signal); }
      else if (!this.knows(wall + ASK_AHEAD_MS) && ahead > 2 && !soon) await this.#ask(this.#endOfKnown(wall), signal);
      // what is left of an entry may be a picture only; what another one has left is no more than a seam
      const seam = at === playhead ? 1 : SEAM_S * 1000;
      const entry = this.#entries.find((one) => one.end > wall + seam && !one.gone);
      if (!entry) return null;
      if (entry.start <= wall + SEAM_S * 1000) {
        if (!this.#whole.has(entry)) return this.#mustWait(entry, playhead) ? null : entry;
        at = (entry.end - this.epoch) / 1000;
        continue;
      }
      at = (entry.start - this.epoch) / 1000;
    }
  }

  /** Tracks that come or go take a new source: not while there is something to be shown from the old one. */
  #mustWait(entry, playhead) {
    const needed = this.#inits.get(entry.map)?.sets;
    return Boolean(this.#buffer) && needed !== undefined && needed !== this.#sets && this.timeOf(entry.start) > playhead + SEAM_S && this.pieces.length > 0;
  }

  #endOfKnown(wall) {
    let end = wall;
    for (const [from, to] of this.#windows) if (from <= end && end < to) end = to;
    return end;
  }

  #playhead() {
    const { video } = this;
    // until the first picture of a place is there, the element may still tell of another
    if (this.#target !== null && (video.seeking || video.readyState < 2)) return this.#target;
    this.#target = null;
    return video.currentTime;
  }

  /** Read the playlist of a window that begins with a moment. */
  async #ask(wall, signal) {
    const known = this.#windows.find(([from, to]) => from <= wall && wall < to);
    const from = known?.[1] ?? Math.max(wall - BEFORE_MS, ...this.#windows.map(([, to]) => to).filter((to) => to <= wall));
    const to = Math.min(from + WINDOW_MS, ...this.#windows.map(([start]) => start).filter((start) => start > from));
    let entries = [];
    let ended = true;
    const recent = to > this.clock.now() - RECENT_MS;
    if (recent) this.#askedAt = performance.now();
    if (recent || this.expected(from, to)) try {
      const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
      if (this.rendition) query.set("codec", this.rendition);
      const address = `${this.base}/playlist.m3u8?${query}`;
      const response = await get(address, signal);
      this.clock?.learn(response);
      ({ entries, ended } = parsePlaylist(await response.text(), new URL(address, location.href).href));
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    if (signal.aborted) return;
    const seen = new Set(this.#entries.map((entry) => `${entry.url}@${entry.range?.offset}`));
    this.#entries.push(...entries.filter((entry) => !seen.has(`${entry.url}@${entry.range?.offset}`)));
    this.#entries.sort((a, b) => a.start - b.start);
    // what is being recorded now grows, and so does a list that has not ended: only what was told of it is known
    const last = entries.at(-1)?.end ?? from;
    this.#windows.push([from, recent || !ended ? Math.min(to, Math.max(last, from)) : to]);
    this.#windows = this.#windows.filter(([a, b]) => b > a);
    this.#windows.sort((a, b) => a[0] - b[0]);
    this.dispatchEvent(new Event("change"));
  }

  /** Fetch an entry and append its fragments as they come. */
  async #append(entry, signal) {
    const own = new AbortController();
    const body = get(entry.url, AbortSignal.any([signal, own.signal]), entry.range);
    body.catch(() => {}); // told below; the init may fail first
    try {
      if (!(await this.#prepare(entry, signal))) { own.abort(); return; }
    } catch (error) {
      own.abort();
      throw error;
    }
    const response = await body;
    this.clock?.learn(response);
    const reader = response.body.getReader();
    const splitter = new Splitter();
    // a server that knows no ranges sends the whole: pass over what was not asked for
    let skip = entry.range && response.status === 200 ? entry.range.offset : 0;
    let left = entry.range ? entry.range.size : Infinity;
    let wall = entry.start;
    for (;;) {
      const { done, value } = await reader.read();
      if (signal.aborted) return;
      if (done) { this.#whole.add(entry); return; }
      const chunk = value.subarray(Math.min(skip, value.length)).subarray(0, left);
      skip = Math.max(0, skip - value.length);
      left -= chunk.length;
      for (const bytes of splitter.push(chunk)) wall = await this.#fragment(bytes, entry, wall, signal);
      if (left <= 0) {
        this.#whole.add(entry);
        await reader.cancel();
        return;
      }
    }
  }

  async #fragment(bytes, entry, wall, signal) {
    const told = readFragment(bytes, this.#init);
    if (!told || signal.aborted) return wall;
    const begins = told.wall ?? wall;
    const next = begins + (told.end - told.start) * 1000;
    if (this.#needKey && !told.key) return next;
    this.#needKey = false;
    const wanted = (begins - this.epoch) / 1000 - told.start;
    // within a run the place of a picture must not tremble with the clock; its wall time is told exactly anyway
    const steady = this.#offset.run === entry.map && Math.abs(wanted - this.#offset.value) < STEADY_S;
    if (!steady) this.#offset = { run: entry.map, value: wanted };
    const offset = this.#offset.value;
    const buffer = this.#buffer;
    await this.#idle();
    if (signal.aborted) return next;
    if (buffer.timestampOffset !== offset) buffer.timestampOffset = offset;
    const piece = { start: told.start + offset, end: told.end + offset, wall: begins, times: told.times.map((time) => time + offset), entry };
    this.pieces = this.pieces.filter((one) => one.end <= piece.start + 0.001 || one.start >= piece.end - 0.001);
    this.pieces.push(piece);
    this.pieces.sort((a, b) => a.start - b.start);
    // known before it is shown: a first picture can be on the screen before the buffer has said that it has it
    await this.#put(hideTracks(bytes, this.#hidden), signal);
    if (buffer !== this.#buffer) return next;
    this.#reads += 1;
    if (this.#reads % 8 === 0 && !signal.aborted) await this.#evict(signal, BEHIND_S);
    this.dispatchEvent(new Event("change"));
    return next;
  }

  async #idle() {
    while (this.#buffer?.updating) await once(this.#buffer, "updateend");
  }

  /** Append bytes, making room where there is none. */
  async #put(bytes, signal) {
    for (let behind = BEHIND_S; ; behind = Math.max(2, behind / 2)) {
      await this.#idle();
      if (signal.aborted) return;
      const buffer = this.#buffer;
      try {
        buffer.appendBuffer(bytes);
        await once(buffer, "updateend");
        return;
      } catch (error) {
        if (error.name !== "QuotaExceededError" || behind <= 2) throw error;
        await this.#evict(signal, behind);
        await this.#pause(signal, 500);
      }
    }
  }

  async #evict(signal, behind) {
    const playhead = this.#playhead();
    // whole entries only: a part of one would not be fetched again
    const keep = ({ entry }) => this.timeOf(entry.end) > playhead - behind && this.timeOf(entry.start) < playhead + 8 * AHEAD_S;
    for (const piece of this.pieces.filter((one) => !keep(one))) {
      await this.#idle();
      if (signal.aborted || !this.#buffer) return;
      this.pieces = this.pieces.filter((one) => one !== piece);
      this.#whole.delete(piece.entry);
      this.#buffer.remove(piece.start, piece.end);
      await this.#idle();
    }
  }

  /** Make the source buffer ready for an entry's tracks; false where the entry must be asked for in another rendition. */
  async #prepare(entry, signal) {
    if (this.#map === entry.map && this.#buffer) return true;
    let init = this.#inits.get(entry.map);
    if (!init) {
      const response = await get(entry.map, signal);
      const bytes = new Uint8Array(await response.arrayBuffer());
      init = { bytes, ...readInit(bytes) };
      this.#inits.set(entry.map, init);
    }
    const video = init.tracks.find((track) => track.kind === "video");
    if (!supported(video.codec)) {
      if (this.rendition) throw new DOMException(video.codec, "NotSupportedError");
      this.rendition = "h264";
      this.original = video.codec;
      this.#forget();
      this.dispatchEvent(new Event("rendition"));
      return false;
    }
    const heard = init.tracks.filter((track) => track.kind === "audio");
    const hidden = new Set(heard.filter((track) => !supported(`${video.codec},${track.codec}`)).map((track) => track.id));
    const codecs = [video.codec, ...heard.filter((track) => !hidden.has(track.id)).map((track) => track.codec)];
    const mime = `${MIME}; codecs="${codecs.join(",")}"`;
    init.sets = codecs.length;
    if (this.#mustWait(entry, this.#playhead())) return false;
    if (this.#buffer && this.#sets !== init.sets) await this.#rebuild(signal);
    else if (this.#buffer && this.#mime !== mime) {
      await this.#idle();
      if (signal.aborted) return false;
      this.#buffer.changeType(mime);
      this.#mime = mime;
    }
    if (signal.aborted) return false;
    if (!this.#buffer) {
      this.#buffer = this.#source.addSourceBuffer(mime);
      this.#mime = mime;
    }
    this.#sets = init.sets;
    this.#hidden = hidden;
    this.mute = hidden.size > 0;
    this.codec = video.codec;
    this.size = { width: video.width, height: video.height };
    this.#init = init;
    this.#map = entry.map;
    this.#needKey = true;
    await this.#put(hideTracks(init.bytes.slice(), this.#hidden), signal);
    this.dispatchEvent(new Event("change"));
    return !signal.aborted;
  }

  /** A source buffer cannot gain or lose a track: begin anew at the same place. */
  async #rebuild(signal) {
    const { video } = this;
    const at = this.#playhead();
    const playing = !video.paused;
    const source = new Source();
    this.#detach();
    this.#source = source;
    const url = URL.createObjectURL(source);
    video.src = url;
    await once(source, "sourceopen");
    URL.revokeObjectURL(url);
    if (signal.aborted) return;
    source.duration = SPAN_S;
    video.currentTime = at;
    this.#target = at;
    if (playing) video.play().catch(() => {});
  }

  /** Live: read the playlist again and again, append what is new. */
  async #follow(signal) {
    const seen = new Set();
    let fails = 0;
    while (!signal.aborted) {
      try {
        const address = `${this.base}/live.m3u8${this.rendition ? `?codec=${this.rendition}` : ""}`;
        const response = await get(address, signal);
        this.clock?.learn(response);
        const { entries } = parsePlaylist(await response.text(), new URL(address, location.href).href);
        this.#windows = [[0, Infinity]];
        const fresh = entries.filter((entry) => !seen.has(`${entry.url}@${entry.range?.offset}`));
        // the newest few are enough to begin with
        for (const entry of seen.size ? fresh : fresh.slice(-3)) {
          if (!(await this.#prepare(entry, signal))) break;
          await this.#append(entry, signal);
          seen.add(`${entry.url}@${entry.range?.offset}`);
        }
        for (const entry of fresh) if (this.codec) seen.add(`${entry.url}@${entry.range?.offset}`);
        fails = 0;
      } catch (error) {
        if (signal.aborted) return;
        fails += 1;
        if (error.status === 401 || error.status === 403 || (fails === 1 && error.code === "not-live") || fails === 4) this.dispatchEvent(new CustomEvent("trouble", { detail: error }));
        if (error.status === 401 || error.status === 403) return;
      }
      await this.#pause(signal, fails ? RETRY_MS : LIVE_POLL_MS);
    }
  }

  /** The last moment that is buffered, s of media time; null when nothing is. */
  get newest() {
    return this.pieces.at(-1)?.end ?? null;
  }
}
