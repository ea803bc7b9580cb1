/* What is known of one camera's time: footage, gaps and their causes, incidents, holds. Fetched by days, as needed. */

const DAY_MS = 86_400_000;
const SEAM_MS = 1_500;
/** Beyond so many days the service tells of long gaps only. */
const FINE_DAYS = 2;
const COARSE_DAYS = 31;
const STALE_MS = 20_000;
const LISTS = ["spans", "gaps", "holds", "incidents", "impairments", "activity"];

export class Track {
  constructor(camera, api) {
    this.camera = camera;
    this.api = api;
    this.days = new Map();
    this.#merge();
  }

  #merge() {
    const days = [...this.days.values()].filter((day) => day.answer).sort((a, b) => a.from - b.from);
    for (const list of LISTS) this[list] = unique(days.flatMap((day) => day.answer[list]));
    this.spans.sort((a, b) => a.from - b.from);
    this.footage = joined(this.spans);
    this.gaps = joined(this.gaps.sort((a, b) => a.from - b.from), (a, b) => a.cause === b.cause);
  }

  /** Fetch what of a stretch is not known yet, and what may have grown since. Resolves when it is there. `options` are
      the client's: with `background` nobody's session is kept alive by it. */
  async load(from, to, now, options = {}) {
    const fine = to - from <= FINE_DAYS * DAY_MS;
    const wanted = [];
    for (let day = Math.floor(from / DAY_MS) * DAY_MS; day < to && day <= now; day += DAY_MS) {
      const known = this.days.get(day);
      const old = known?.answer && day + DAY_MS > known.asked - DAY_MS && now - known.asked > STALE_MS && day + 2 * DAY_MS > now;
      if (!known || old || (fine && !known.fine)) wanted.push({ day, fine: fine || Boolean(known?.fine) });
    }
    const runs = [];
    for (const { day, fine: exact } of wanted) {
      const run = runs.at(-1);
      if (run && run.fine === exact && run.days.at(-1) + DAY_MS === day && run.days.length < (exact ? FINE_DAYS : COARSE_DAYS)) run.days.push(day);
      else runs.push({ days: [day], fine: exact });
    }
    await Promise.all(runs.map((run) => this.#fetch(run.days, now, run.fine || run.days.length <= FINE_DAYS, options)));
    await Promise.all([...this.days.values()].map((day) => day.pending));
  }

  async #fetch(run, now, fine, options) {
    const [first, end] = [run[0], run.at(-1) + DAY_MS];
    const query = { from: new Date(first).toISOString(), to: new Date(end).toISOString() };
    const pending = this.api.get(`cameras/${encodeURIComponent(this.camera)}/timeline`, query, options);
    for (const day of run) this.days.set(day, { ...this.days.get(day), from: day, asked: now, fine: fine || (this.days.get(day)?.fine ?? false), pending });
    try {
      const answer = parsed(await pending);
      const within = (from, to) => Object.fromEntries(LISTS.map((list) => [list, answer[list].filter((one) => one.from < to && (one.to ?? Infinity) >= from)]));
      for (const day of run) this.days.set(day, { from: day, asked: now, fine, answer: within(day, day + DAY_MS) });
      this.#merge();
    } catch (error) {
      for (const day of run) {
        const { answer } = this.days.get(day);
        if (answer) this.days.set(day, { from: day, asked: now, fine: false, answer });
        else this.days.delete(day);
      }
      throw error;
    }
  }

  /** Whether the day of a moment is known with all its gaps. */
  knows(wall) {
    const day = this.days.get(Math.floor(wall / DAY_MS) * DAY_MS);
    return Boolean(day?.answer && day.fine);
  }

  /** Whether there is footage at a moment; null where that is not known. */
  has(wall) {
    if (!this.knows(wall)) return null;
    return this.footage.some((one) => one.from <= wall && wall < one.to);
  }

  /** Whether there is footage anywhere in a stretch; null where that is not known. */
  any(from, to) {
    for (let day = Math.floor(from / DAY_MS) * DAY_MS; day < to; day += DAY_MS) if (!this.knows(day)) return null;
    return this.footage.some((one) => one.from < to && one.to > from);
  }

  /** When the next footage begins, at or after a moment; null where none is known. */
  next(wall) {
    const found = this.footage.find((one) => one.to > wall + 1);
    return found ? Math.max(found.from, wall) : null;
  }

  gapAt(wall) {
    return this.gaps.find((gap) => gap.from <= wall && wall < gap.to) ?? null;
  }

  /** How far the wall time of a picture may be off, ms, where the camera's own clock is not known; else null. */
  doubtAt(wall) {
    const span = this.spans.find((one) => one.from - SEAM_MS <= wall && wall < one.to + SEAM_MS);
    if (!span || span.uncertainty === null || span.method !== "arrival") return null;
    return span.uncertainty;
  }

  /** Moments worth a jump, in order: ends of gaps, incidents. */
  marks() {
    const starts = this.footage.slice(1).map((one) => one.from);
    return [...starts, ...this.incidents.map((one) => one.from)].sort((a, b) => a - b);
  }
}

function parsed(answer) {
  const time = (value) => (value === null || value === undefined ? null : Date.parse(value));
  const all = {};
  for (const list of LISTS) {
    all[list] = (answer[list] ?? []).map((one) => ({ ...one, from: time(one.from ?? one.at), to: time(one.to ?? (list === "holds" ? null : one.at ?? one.from)) }));
  }
  for (const span of all.spans) {
    span.method = span.clock_method ?? null;
    span.uncertainty = span.uncertainty_s === undefined || span.uncertainty_s === null ? null : span.uncertainty_s * 1000;
  }
  return all;
}

/** Without what two days both told. */
function unique(list) {
  const seen = new Set();
  return list.filter((one) => {
    const key = JSON.stringify(one);
    return !seen.has(key) && seen.add(key);
  });
}

/** Stretches that follow each other as one. */
function joined(list, alike = () => true) {
  const result = [];
  for (const one of list) {
    const last = result.at(-1);
    if (last && one.from - last.to < SEAM_MS && alike(last, one)) last.to = Math.max(last.to, one.to);
    else result.push({ ...one });
  }
  return result;
}
