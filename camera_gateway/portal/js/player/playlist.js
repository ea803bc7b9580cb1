/* A media playlist of the gateway (RFC 8216) as plain values: what there is to play, and the wall time of it. Pure. */

/**
 * Parse one. Entries: {url, range, map, start, end, discontinuity}, times in ms since 1970, in order;
 * `range` is {offset, size} in bytes, null for the whole.
 * `ended`: nothing will be added.
 */
export function parsePlaylist(text, base) {
  const lines = text.split(/\r?\n/);
  if (lines[0]?.trim() !== "#EXTM3U") throw new RangeError("not a playlist");
  const entries = [];
  const state = { duration: 0, wall: null, map: null, range: null, discontinuity: false };
  let ended = false;
  for (const line of lines) {
    if (line.startsWith("#EXTINF:")) state.duration = Number.parseFloat(line.slice(8)) * 1000;
    else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) state.wall = Date.parse(line.slice(25).trim());
    else if (line.startsWith("#EXT-X-BYTERANGE:")) {
      const [size, offset] = line.slice(17).split("@").map(Number);
      state.range = { offset: offset ?? rangeEnd(entries.at(-1)), size };
    } else if (line.startsWith("#EXT-X-MAP:")) state.map = new URL(attributes(line.slice(11)).URI, base).href;
    else if (line.startsWith("#EXT-X-DISCONTINUITY") && !line.startsWith("#EXT-X-DISCONTINUITY-")) state.discontinuity = true;
    else if (line.startsWith("#EXT-X-ENDLIST")) ended = true;
    else if (line && !line.startsWith("#")) {
      const start = state.wall ?? entries.at(-1)?.end ?? 0;
      entries.push({
        url: new URL(line.trim(), base).href, range: state.range, map: state.map,
        start, end: start + state.duration, discontinuity: state.discontinuity,
      });
      state.range = null;
      state.wall = null;
      state.discontinuity = false;
    }
  }
  return { entries, ended };
}

const rangeEnd = (entry) => (entry?.range ? entry.range.offset + entry.range.size : 0);

/** An attribute list (RFC 8216 section 4.2): {NAME: value}, quotes taken off. */
export function attributes(text) {
  const found = {};
  for (const [, name, quoted, plain] of text.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^,]*))/g)) found[name] = quoted ?? plain;
  return found;
}
