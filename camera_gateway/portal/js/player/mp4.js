/* The fragmented MP4 that the gateway writes, read as far as a player must: tracks, times, wall clock, where a
   fragment ends. Pure: bytes in, numbers out (ISO/IEC 14496-12; codec strings RFC 6381). It knows no network. */

const NTP_TO_UNIX_S = 2208988800;
const ERA_S = 2 ** 32;
const DEFAULT_NOT_SYNC = 0x00010000;

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const kindAt = (bytes, at) => String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
const hex = (value) => value.toString(16).padStart(2, "0");

/** The boxes between two offsets: {kind, at, body, end}. Throws RangeError where a box says more than there is. */
export function* boxes(bytes, from = 0, to = bytes.length) {
  const view = viewOf(bytes);
  let at = from;
  while (at + 8 <= to) {
    let size = view.getUint32(at);
    let body = at + 8;
    if (size === 1) {
      size = Number(view.getBigUint64(at + 8));
      body = at + 16;
    } else if (size === 0) size = to - at;
    if (size < body - at || at + size > to) throw new RangeError("a box that does not fit");
    yield { kind: kindAt(bytes, at + 4), at, body, end: at + size };
    at += size;
  }
}

function child(bytes, box, kind, skip = 0) {
  for (const found of boxes(bytes, box.body + skip, box.end)) if (found.kind === kind) return found;
  return null;
}

const down = (bytes, box, ...kinds) => kinds.reduce((at, kind) => at && child(bytes, at, kind), box);

/** What `ftyp moov` says: {tracks: [{id, kind, timescale, codec, width, height, at, notSync}]}. */
export function readInit(bytes) {
  const view = viewOf(bytes);
  const moov = [...boxes(bytes)].find((box) => box.kind === "moov");
  if (!moov) throw new RangeError("no moov");
  const tracks = [];
  const mvex = child(bytes, moov, "mvex");
  for (const trak of boxes(bytes, moov.body, moov.end)) {
    if (trak.kind !== "trak") continue;
    const tkhd = child(bytes, trak, "tkhd");
    const mdhd = down(bytes, trak, "mdia", "mdhd");
    const hdlr = down(bytes, trak, "mdia", "hdlr");
    const stsd = down(bytes, trak, "mdia", "minf", "stbl", "stsd");
    const entry = [...boxes(bytes, stsd.body + 8, stsd.end)][0];
    const id = view.getUint32(tkhd.body + (bytes[tkhd.body] ? 20 : 12));
    const video = kindAt(bytes, hdlr.body + 8) === "vide";
    const trex = mvex && [...boxes(bytes, mvex.body, mvex.end)].find((box) => box.kind === "trex" && view.getUint32(box.body + 4) === id);
    tracks.push({
      id,
      kind: video ? "video" : "audio",
      timescale: view.getUint32(mdhd.body + (bytes[mdhd.body] ? 20 : 12)),
      codec: codecOf(bytes, view, entry),
      width: video ? view.getUint16(entry.body + 24) : 0,
      height: video ? view.getUint16(entry.body + 26) : 0,
      duration: trex ? view.getUint32(trex.body + 12) : 0,
      flags: trex ? view.getUint32(trex.body + 20) : 0,
      at: trak.at,
    });
  }
  return { tracks };
}

/** RFC 6381 codec string of a sample entry; an unknown one is its four characters. */
function codecOf(bytes, view, entry) {
  const VIDEO = 78;
  const AUDIO = 28;
  if (entry.kind === "avc1" || entry.kind === "avc3") {
    const avcc = child(bytes, entry, "avcC", VIDEO);
    return `${entry.kind}.${hex(bytes[avcc.body + 1])}${hex(bytes[avcc.body + 2])}${hex(bytes[avcc.body + 3])}`;
  }
  if (entry.kind === "hvc1" || entry.kind === "hev1") {
    const { body } = child(bytes, entry, "hvcC", VIDEO);
    const first = bytes[body + 1];
    let compatible = 0;
    for (let bit = 0, flags = view.getUint32(body + 2); bit < 32; bit += 1) compatible |= ((flags >>> bit) & 1) << (31 - bit);
    const constraints = [...bytes.subarray(body + 6, body + 12)];
    while (constraints.length && !constraints.at(-1)) constraints.pop();
    return [
      entry.kind,
      `${["", "A", "B", "C"][first >> 6]}${first & 31}`,
      (compatible >>> 0).toString(16),
      `${first & 32 ? "H" : "L"}${bytes[body + 12]}`,
      ...constraints.map((value) => value.toString(16)),
    ].join(".");
  }
  if (entry.kind === "mp4a") {
    const esds = child(bytes, entry, "esds", AUDIO);
    const config = esds ? audioConfig(bytes, esds.body + 4, esds.end) : 0;
    return `mp4a.40.${config ? bytes[config] >> 3 : 2}`;
  }
  return entry.kind;
}

/** Where the AudioSpecificConfig of an esds lies (14496-1 7.2.6: descriptors 3 → 4 → 5); 0 when it has none. */
function audioConfig(bytes, at, end) {
  let place = at;
  while (place + 2 < end) {
    const tag = bytes[place];
    place += 1;
    while (bytes[place] & 0x80) place += 1;
    place += 1;
    if (tag === 3) place += 3;
    else if (tag === 4) place += 13;
    else return tag === 5 ? place : 0;
  }
  return 0;
}

/**
 * What a fragment says of its video: {key, start, end, times, wall}.
 *
 * Times are seconds of media time, `times` those of every picture in the order of showing, `key` whether it begins
 * with a keyframe, `wall` the wall time (ms since 1970) of the first sample, null without a prft. Null for a fragment
 * without video.
 */
export function readFragment(bytes, init) {
  const view = viewOf(bytes);
  const video = init.tracks.find((track) => track.kind === "video");
  let wall = null;
  for (const box of boxes(bytes)) {
    if (box.kind === "prft" && video && view.getUint32(box.body + 4) === video.id) wall = { at: ntp(view, box.body + 8), media: Number(view.getBigUint64(box.body + 16)) };
    if (box.kind !== "moof" || !video) continue;
    for (const traf of boxes(bytes, box.body, box.end)) {
      if (traf.kind === "traf" && view.getUint32(child(bytes, traf, "tfhd").body + 4) === video.id) return pictures(bytes, view, traf, video, wall);
    }
  }
  return null;
}

function ntp(view, at) {
  const seconds = view.getUint32(at);
  const rest = view.getUint32(at + 4) / ERA_S;
  // RFC 5905 section 6: era 1 begins in 2036; nothing here is older than this century
  const era = seconds < NTP_TO_UNIX_S ? ERA_S : 0;
  return (seconds + era - NTP_TO_UNIX_S + rest) * 1000;
}

function pictures(bytes, view, traf, track, wall) {
  const tfhd = child(bytes, traf, "tfhd").body;
  const flags = view.getUint32(tfhd) & 0xffffff;
  let at = tfhd + 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0);
  let { duration, flags: sampleFlags } = track;
  if (flags & 8) { duration = view.getUint32(at); at += 4; }
  if (flags & 16) at += 4;
  if (flags & 32) sampleFlags = view.getUint32(at);
  const tfdt = child(bytes, traf, "tfdt").body;
  let decode = bytes[tfdt] ? Number(view.getBigUint64(tfdt + 4)) : view.getUint32(tfdt + 4);
  const first = decode;
  const times = [];
  let key = null;
  let firstShown = null;
  for (const trun of boxes(bytes, traf.body, traf.end)) {
    if (trun.kind !== "trun") continue;
    const run = view.getUint32(trun.body) & 0xffffff;
    const count = view.getUint32(trun.body + 4);
    let place = trun.body + 8 + (run & 1 ? 4 : 0);
    let firstFlags = sampleFlags;
    if (run & 4) { firstFlags = view.getUint32(place); place += 4; }
    for (let index = 0; index < count; index += 1) {
      let length = duration;
      if (run & 0x100) { length = view.getUint32(place); place += 4; }
      if (run & 0x200) place += 4;
      let own = index ? sampleFlags : firstFlags;
      if (run & 0x400) { own = view.getUint32(place); place += 4; }
      let offset = 0;
      if (run & 0x800) { offset = view.getInt32(place); place += 4; }
      key ??= !(own & DEFAULT_NOT_SYNC);
      firstShown ??= decode + offset;
      times.push((decode + offset) / track.timescale);
      decode += length;
    }
  }
  if (!times.length) return null;
  times.sort((a, b) => a - b);
  const length = (decode - first) / track.timescale;
  return {
    key,
    start: times[0],
    end: times[0] + length,
    times,
    wall: wall && wall.at + ((firstShown - wall.media) / track.timescale) * 1000,
  };
}

/** Hide tracks from the browser, in place: their boxes become `free`, sizes stay, so that every offset still holds. */
export function hideTracks(bytes, ids) {
  if (!ids.size) return bytes;
  const view = viewOf(bytes);
  const free = (box) => bytes.set([0x66, 0x72, 0x65, 0x65], box.at + 4);
  for (const top of boxes(bytes)) {
    if (top.kind !== "moov" && top.kind !== "moof") continue;
    for (const box of boxes(bytes, top.body, top.end)) {
      if (box.kind === "trak") {
        const tkhd = child(bytes, box, "tkhd").body;
        if (ids.has(view.getUint32(tkhd + (bytes[tkhd] ? 20 : 12)))) free(box);
      } else if (box.kind === "mvex") {
        for (const trex of boxes(bytes, box.body, box.end)) if (trex.kind === "trex" && ids.has(view.getUint32(trex.body + 4))) free(trex);
      } else if (box.kind === "traf" && ids.has(view.getUint32(child(bytes, box, "tfhd").body + 4))) free(box);
    }
  }
  return bytes;
}

/** Cuts a stream of bytes into whole fragments ([prft] moof mdat); its first byte begins one. */
export class Splitter {
  #held = new Uint8Array(0);

  /** Take bytes; return the fragments that are now whole. Throws RangeError where the bytes are none. */
  push(chunk) {
    const all = new Uint8Array(this.#held.length + chunk.length);
    all.set(this.#held);
    all.set(chunk, this.#held.length);
    const view = viewOf(all);
    const result = [];
    let start = 0;
    let at = 0;
    while (at + 8 <= all.length) {
      const size = view.getUint32(at);
      if (size < 8) throw new RangeError("not a fragment");
      if (at + size > all.length) break;
      const whole = kindAt(all, at + 4) === "mdat";
      at += size;
      if (whole) {
        result.push(all.slice(start, at));
        start = at;
      }
    }
    this.#held = all.slice(start);
    return result;
  }
}
