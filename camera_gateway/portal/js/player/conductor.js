/* One clock for up to four cameras: plays, seeks, steps, skips gaps, keeps them together, and follows live.

   The first camera that has a picture leads; the others are held to its wall time by their rate, or by a seek when
   they are far off. What no decoder can show at the asked speed, and everything backwards, is shown by stills. */

const TICK_MS = 100;
const DAY_MS = 86_400_000;
const LOOK_DAYS = 31;
const FAR_S = 0.4;
const NEAR_S = 0.008;
const HOLE_S = 0.06;
const NOTICE_MS = 1_000;
const PATIENCE_MS = 6_000;
const STEP_EVERY_MS = 350;
const MEASURE_MS = 1_500;
const ENOUGH = 0.6;
const LIVE_WANTED_S = 1.2;
const LIVE_FAR_S = 4;
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16];

/** Events: "state", "time" (a new wall time), "gap" (detail: {from, to, cause}), "end", "stills" (why). */
export class Conductor extends EventTarget {
  /** `from` and `to`: what may be played, ms since 1970. */
  constructor(views, tracks, server) {
    super();
    this.views = views;
    this.tracks = tracks;
    this.server = server;
    this.from = -Infinity;
    this.to = Infinity;
    this.rate = 1;
    this.playing = false;
    this.live = false;
    this.backwards = false;
    this.byStills = false;
    this.wall = null;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    for (const view of views) {
      view.addEventListener("frame", () => this.#frame(view));
      view.addEventListener("broken", () => this.#mend(view));
    }
  }

  #timer;
  #turn = 0;
  #last = performance.now();
  #held = null;
  #measured = null;
  #stepped = 0;
  #looking = false;
  #mended = 0;

  close() {
    clearInterval(this.#timer);
    for (const view of this.views) view.close();
  }

  #changed() {
    this.dispatchEvent(new Event("state"));
  }

  play() {
    if (this.live || this.playing) return;
    this.playing = true;
    this.#begin();
    this.#changed();
  }

  pause() {
    this.playing = false;
    for (const view of this.views) view.video.pause();
    if (this.byStills && this.wall !== null) this.#leaveStills();
    this.#changed();
  }

  #begin() {
    this.#held = null;
    this.#measured = null;
    this.#last = performance.now();
    this.byStills = this.backwards;
    if (!this.byStills) for (const view of this.views) view.hideStill();
  }

  /** Speed; negative plays backwards. */
  setRate(rate) {
    const backwards = rate < 0;
    this.rate = Math.abs(rate);
    const turned = backwards !== this.backwards;
    this.backwards = backwards;
    this.#measured = null;
    if (this.playing && (turned || this.byStills)) {
      const was = this.byStills;
      this.byStills = backwards;
      if (was && !backwards) this.#leaveStills();
      if (backwards) for (const view of this.views) view.video.pause();
    }
    this.#changed();
  }

  #leaveStills() {
    this.byStills = false;
    this.#seekAll(this.wall);
  }

  /** Go to a moment; into a gap means to the footage after it. */
  async seek(wall, { quiet = false } = {}) {
    const turn = ++this.#turn;
    if (this.live) await this.leaveLive();
    const within = Math.min(Math.max(wall, this.from), this.to - 1);
    this.wall = within;
    this.dispatchEvent(new Event("time"));
    const there = this.tracks.map((track) => track.has(within));
    if (there.some((one) => one !== false)) { await this.#seekAll(within); return; }
    const next = await this.#nextFootage(within);
    if (turn !== this.#turn) return;
    if (next === null) { this.#sayGaps(within); this.#end(); return; }
    if (!quiet) this.#tellGap(within, next);
    this.wall = next;
    this.dispatchEvent(new Event("time"));
    await this.#seekAll(next);
  }

  async #seekAll(wall) {
    this.#held = null;
    this.#measured = null;
    await Promise.all(this.views.map(async (view, index) => {
      view.hideStill();
      if (view.failed) return;
      if (this.tracks[index].has(wall) === false) this.#sayGap(view, index, wall);
      else { view.say(null); view.waiting(true); await view.seek(wall); }
    }));
  }

  /** Show the stills of a moment while somebody drags. */
  scrub(wall) {
    this.#turn += 1;
    this.wall = Math.min(Math.max(wall, this.from), this.to - 1);
    this.dispatchEvent(new Event("time"));
    for (const [index, view] of this.views.entries()) {
      view.video.pause();
      if (this.tracks[index].has(this.wall) === false) { view.hideStill(); this.#sayGap(view, index, this.wall); }
      else view.showStill(this.wall);
    }
  }

  /** One picture on or back, with the camera that leads; the others go to the same moment. */
  async step(way) {
    this.pause();
    const lead = this.#lead();
    if (!lead) return;
    const now = lead.shown?.mediaTime ?? lead.video.currentTime;
    const { before, after } = lead.feed.neighbours(now);
    const to = way > 0 ? after : before;
    const wall = to === null ? null : lead.feed.wallAt(to);
    if (wall === null) {
      // the neighbour is not buffered: across a gap, or behind what was kept
      const here = lead.feed.wallAt(now);
      if (here === null) return;
      if (way > 0) { const next = await this.#nextFootage(here + lead.feed.frameMs(now)); if (next !== null) await this.seek(next); }
      else { const gap = lead.feed.frameMs(now); await this.seek(this.tracks[this.views.indexOf(lead)].has(here - gap) === false ? this.#footageBefore(here) : here - gap); }
      return;
    }
    this.wall = wall;
    for (const [index, view] of this.views.entries()) {
      // a quarter of a picture beyond its beginning, so that no rounding shows the one before it
      if (view === lead) view.video.currentTime = to + view.feed.frameMs(to) / 4000;
      else if (this.tracks[index].has(wall) !== false) view.video.currentTime = view.feed.timeOf(wall) + 0.001;
    }
    this.dispatchEvent(new Event("time"));
  }

  #footageBefore(wall) {
    const ends = this.tracks.flatMap((track) => track.footage.filter((one) => one.to < wall).map((one) => one.to - 20));
    return ends.length ? Math.max(...ends) : wall;
  }

  /** Follow what happens now. */
  async goLive() {
    this.#turn += 1;
    this.live = true;
    this.playing = true;
    this.byStills = false;
    this.backwards = false;
    this.rate = 1;
    this.#changed();
    await Promise.all(this.views.map(async (view) => { view.hideStill(); view.say(null); view.waiting(true); await view.feed.goLive(); }));
  }

  async leaveLive() {
    this.live = false;
    this.playing = false;
    for (const view of this.views) { view.video.pause(); view.video.playbackRate = 1; view.lag.hidden = true; }
    this.#changed();
  }

  /** The camera that leads: the first that has a picture at this moment. */
  #lead() {
    return this.views.find((view, index) => this.tracks[index].has(this.wall) !== false && view.wall !== null)
      ?? this.views.find((view) => view.wall !== null) ?? null;
  }

  #frame(view) {
    if (view !== this.#lead() || this.byStills || (view.video.seeking && !view.near)) return;
    this.wall = view.shown.wall;
    this.dispatchEvent(new Event("time"));
  }

  #tick() {
    const now = performance.now();
    const elapsed = now - this.#last;
    this.#last = now;
    if (this.live) this.#tickLive();
    else if (this.playing && this.wall !== null) {
      if (this.byStills) this.#tickStills(elapsed);
      else this.#tickVideo(now);
    } else for (const view of this.views) view.waiting(view.video.seeking && !view.near);
  }

  #tickVideo(now) {
    const lead = this.#lead();
    const active = this.views.filter((view, index) => this.tracks[index].has(this.wall) !== false && !view.failed);
    const waiting = active.filter((view) => !view.ready);
    if (waiting.length) {
      this.#held ??= now;
      const atHole = lead && this.#atHole(lead);
      if (atHole || this.tracks.every((track) => track.has(this.wall) === false)) { this.#pass(lead); return; }
      // whoever has no picture for long is left behind; the others go on
      if (waiting.length === active.length || now - this.#held < PATIENCE_MS) {
        for (const view of active) if (!view.video.paused && active.length > 1) view.video.pause();
        for (const view of waiting) view.waiting(true);
        if (active.length === 1) this.#run(lead ?? active[0], this.rate);
        this.#measured = null;
        return;
      }
    } else this.#held = null;
    if (!lead) return;
    if (this.wall >= this.to) { this.#end(); return; }
    if (this.#atHole(lead)) { this.#pass(lead); return; }
    this.#run(lead, this.rate);
    for (const [index, view] of this.views.entries()) if (view !== lead) this.#follow(view, index, lead);
    this.#measure(lead, now);
  }

  #run(view, rate) {
    const { video } = view;
    // beyond these a browser throws
    const possible = Math.min(16, Math.max(0.0625, rate));
    if (video.playbackRate !== possible) video.playbackRate = possible;
    if (video.paused) video.play().catch((error) => { if (error.name === "NotAllowedError") this.pause(); });
  }

  /** Hold a camera to the wall time of the one that leads. */
  #follow(view, index, lead) {
    if (view.failed) return;
    if (this.tracks[index].has(this.wall) === false) {
      view.video.pause();
      this.#sayGap(view, index, this.wall);
      return;
    }
    const wall = lead.wall;
    if (wall === null) return;
    const wanted = view.feed.timeOf(wall);
    const drift = view.video.currentTime - wanted;
    if (Math.abs(drift) > FAR_S * Math.max(1, this.rate)) {
      if (!view.video.seeking) view.seek(wall + 100 * this.rate);
      return;
    }
    if (view.video.seeking) return;
    const rate = Math.abs(drift) < NEAR_S ? this.rate : this.rate * (1 - Math.max(-0.25, Math.min(0.25, drift)));
    this.#run(view, Math.round(rate * 1000) / 1000);
  }

  /** Whether a camera stands where its footage ends for now. */
  #atHole(view) {
    const at = view.video.currentTime;
    const { pieces } = view.feed;
    const here = pieces.find((piece) => piece.start <= at + 0.005 && at < piece.end);
    if (!here) return this.tracks[this.views.indexOf(view)].has(view.feed.epoch + at * 1000) === false || pieces.some((piece) => piece.start > at);
    if (here.end - at > Math.max(0.12, 0.15 * this.rate)) return false;
    const next = pieces.find((piece) => piece.start >= here.end - 0.001);
    if (next) return next.start - here.end > HOLE_S;
    const ends = view.feed.epoch + here.end * 1000;
    const known = view.feed.nextKnown(ends + 20);
    if (known !== null) return known - ends > HOLE_S * 1000;
    return this.tracks[this.views.indexOf(view)].has(ends + 50) === false && view.feed.knows(ends + 50);
  }

  /** Pass a hole: the next camera leads where one has footage, else all go on after it. */
  async #pass(lead) {
    if (this.#looking) return;
    this.#looking = true;
    const turn = this.#turn;
    try {
      const here = lead?.wall ?? this.wall;
      const from = lead ? this.#endOfPiece(lead) : here;
      const others = this.views.filter((view, index) => view !== lead && !view.failed && this.tracks[index].has(from + 200) === true);
      if (others.length) {
        this.wall = from + 200;
        return;
      }
      const known = lead?.feed.nextKnown(from + 20) ?? null;
      const next = known !== null && known - from < NOTICE_MS ? known : await this.#nextFootage(from + 20);
      if (turn !== this.#turn || !this.playing) return;
      if (next === null || next >= this.to) { this.#end(); return; }
      if (next - from >= NOTICE_MS) this.#tellGap(from, next);
      this.wall = next;
      await this.#seekAll(next + 1);
    } finally {
      this.#looking = false;
    }
  }

  #endOfPiece(view) {
    const at = view.video.currentTime;
    const piece = view.feed.pieces.findLast((one) => one.start <= at + 0.005);
    return piece ? Math.max(view.feed.epoch + at * 1000, piece.wall + (piece.end - piece.start) * 1000) : view.feed.epoch + at * 1000;
  }

  /** When footage of any camera goes on; looks into days that are not known yet. */
  async #nextFootage(wall) {
    const end = Math.min(this.to, this.server.now());
    const next = () => {
      const found = this.tracks.map((track) => track.next(wall)).filter((one) => one !== null);
      return found.length ? Math.min(...found) : null;
    };
    const load = (from, days) => Promise.all(this.tracks.map((track) => track.load(from, Math.min(end, from + days * DAY_MS), this.server.now())));
    try {
      // the day of the moment to the minute, then month by month, then the day that was found
      await load(wall, 1);
      for (let from = wall + DAY_MS; next() === null && from < end; from += LOOK_DAYS * DAY_MS) await load(from, LOOK_DAYS);
      if (next() !== null) await load(next(), 0.001);
    } catch {
      return null;
    }
    return next();
  }

  #tellGap(from, to) {
    const gap = this.tracks[0].gapAt((from + to) / 2) ?? this.tracks[0].gapAt(from + 100);
    this.dispatchEvent(new CustomEvent("gap", { detail: { from, to, cause: gap?.cause ?? null } }));
  }

  #sayGap(view, index, wall) {
    view.hideStill();
    view.dispatchEvent(new CustomEvent("nothing", { detail: this.tracks[index].gapAt(wall) }));
  }

  #sayGaps(wall) {
    for (const [index, view] of this.views.entries()) this.#sayGap(view, index, wall);
  }

  #end() {
    if (this.playing) this.pause();
    this.dispatchEvent(new Event("end"));
  }

  /** A speed that the computer or the line cannot keep up with is shown by stills instead. */
  #measure(lead, now) {
    if (this.rate < 2 || this.#atHole(lead)) { this.#measured = null; return; }
    const { currentTime } = lead.video;
    if (!this.#measured) { this.#measured = { now, currentTime }; return; }
    const took = now - this.#measured.now;
    if (took < MEASURE_MS) return;
    const share = ((currentTime - this.#measured.currentTime) * 1000) / (took * this.rate);
    const quality = lead.video.getVideoPlaybackQuality?.();
    this.#measured = { now, currentTime };
    if (share < ENOUGH) this.#toStills(quality);
  }

  #toStills() {
    this.byStills = true;
    for (const view of this.views) view.video.pause();
    this.dispatchEvent(new Event("stills"));
    this.#changed();
  }

  async #tickStills(elapsed) {
    this.#stepped += elapsed;
    const way = this.backwards ? -1 : 1;
    if (this.#stepped < STEP_EVERY_MS || this.#looking) return;
    const moved = this.#stepped * this.rate * way;
    this.#stepped = 0;
    this.#looking = true;
    const turn = this.#turn;
    try {
      let wall = this.wall + moved;
      if (wall <= this.from || wall >= this.to) { this.#end(); return; }
      if (this.tracks.every((track) => track.has(wall) === false)) {
        const next = way > 0 ? await this.#nextFootage(wall) : this.#footageBefore(wall);
        if (turn !== this.#turn) return;
        if (next === null || next === wall) { this.#end(); return; }
        this.#tellGap(Math.min(this.wall, next), Math.max(this.wall, next));
        wall = next;
      }
      this.wall = wall;
      this.dispatchEvent(new Event("time"));
      await Promise.all(this.views.map((view, index) => (this.tracks[index].has(wall) === false ? this.#sayGap(view, index, wall) : view.showStill(wall))));
    } finally {
      this.#looking = false;
    }
  }

  #tickLive() {
    for (const view of this.views) {
      const { video, feed } = view;
      const { newest } = feed;
      if (newest === null) continue;
      const ahead = newest - video.currentTime;
      const holes = !feed.pieces.some((piece) => piece.start <= video.currentTime + 0.01 && video.currentTime < piece.end);
      if (ahead > LIVE_FAR_S || ahead < -1 || (holes && ahead > 0.3)) {
        const last = feed.pieces.at(-1);
        const run = feed.pieces.findLast((piece, index) => !feed.pieces[index - 1] || piece.start - feed.pieces[index - 1].end > HOLE_S) ?? last;
        video.currentTime = Math.max(run.start + 0.001, newest - LIVE_WANTED_S);
      }
      const rate = ahead > LIVE_WANTED_S + 0.8 ? 1.15 : ahead > LIVE_WANTED_S + 0.3 ? 1.05 : ahead < 0.4 ? 0.9 : 1;
      this.#run(view, rate);
      view.waiting(!view.ready && ahead < 0.1);
    }
  }

  /** A picture that no decoder takes: go on behind it. */
  #mend(view) {
    this.#mended += 1;
    const wall = this.wall;
    if (this.live) { if (this.#mended < 5) view.feed.goLive(); return; }
    if (wall !== null && this.#mended < 20) view.feed.reopen(wall + 500);
  }
}
