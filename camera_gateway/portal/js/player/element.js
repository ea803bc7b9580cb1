/* <footage-player>: watch one to four cameras, live or recorded.

   Set `context` (a page's), then `await open({cameras, from, to, at, live})`; cameras are {id, name, time_zone}, times
   RFC 3339 or ms since 1970. Events: "footage-time" (detail: {at}), "footage-selection" (detail: {from, to} or null). */

import { fill, h } from "../dom.js";
import { wordsFor } from "../parts.js";
import { demandPurpose } from "../purpose.js";
import { word } from "../words.js";
import { ServerClock, ZoneClock } from "./clock.js";
import { Conductor, SPEEDS } from "./conductor.js";
import { canPlay } from "./feed.js";
import { facts } from "./facts.js";
import { helpDialog, press } from "./keys.js";
import { style, textsOf } from "./ready.js";
import { Timeline } from "./timeline.js";
import { Track } from "./track.js";
import { View } from "./view.js";

const HOUR_MS = 3_600_000;
const MOST = 4;
const REFRESH_MS = 15_000;
const SAY_MS = 7_000;
const ICONS = {
  play: "M4 2.500 13.500 8 4 13.500z", pause: "M4 2.500h3v11H4zm5 0h3v11H9z",
  back: "M3 3h2v10H3zm10 0v10L6 8z", on: "M11 3h2v10h-2zM3 3l7 5-7 5z",
  markBack: "M8 3 3 8l5 5V9.500L12.500 13V3L8 6.500z", markOn: "m8 3 5 5-5 5V9.500L3.500 13V3L8 6.500z",
  full: "M2 2h5v2H4v3H2zm7 0h5v5h-2V4H9zM2 9h2v3h3v2H2zm10 0h2v5H9v-2h3z", sound: "M2 6h3l4-3.500v11L5 10H2zm8.500-1a4 4 0 0 1 0 6zm0-3a7 7 0 0 1 0 12v-1.600a5.500 5.500 0 0 0 0-8.800z",
  mute: "M2 6h3l4-3.500v11L5 10H2zm8.700-.300 1.600 1.600 1.600-1.600.800.800L13.100 8l1.600 1.600-.800.800-1.600-1.600-1.600 1.600-.800-.800L11.500 8 9.900 6.500z",
  live: "M8 5.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5zM4 3l1 1.200a5 5 0 0 0 0 7.600L4 13a6.600 6.600 0 0 1 0-10zm8 0a6.600 6.600 0 0 1 0 10l-1-1.200a5 5 0 0 0 0-7.600z",
  in: "M3 2h5v2H5v8h3v2H3zm6 3 4 3-4 3z", out: "M13 2H8v2h3v8H8v2h5zM7 5v6L3 8z", minus: "M3 7h10v2H3z", plus: "M7 3h2v4h4v2H9v4H7V9H3V7h4z",
};
const icon = (name) => h("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, h("path", { d: ICONS[name], fill: "currentColor" }));
const moment = (value) => (value === null || value === undefined ? null : typeof value === "number" ? value : Date.parse(value));

export class FootagePlayer extends HTMLElement {
  context = null;
  conductor = null;
  timeline = null;
  #t = null;
  #zone = null;
  #server = new ServerClock();
  #buttons = {};
  #ends = [];
  #said = 0;
  #told = 0;
  #asked = {};

  disconnectedCallback() {
    this.close();
  }

  close() {
    this.conductor?.close();
    this.timeline?.close();
    for (const end of this.#ends.splice(0)) end();
    this.conductor = null;
    this.timeline = null;
    this.replaceChildren();
  }

  /** Wall time shown now, ms since 1970; null before anything is. */
  get wall() {
    return this.conductor?.wall ?? null;
  }

  /** {from, to} that was marked, ms since 1970, or null. */
  get selection() {
    return this.timeline?.selection ?? null;
  }

  async open({ cameras, from = null, to = null, at = null, live = false }) {
    this.close();
    const { context } = this;
    const chosen = cameras.slice(0, MOST);
    this.#asked = { from: moment(from), to: moment(to), at: moment(at), live, cameras: chosen };
    const texts = await textsOf(context.language);
    await style();
    this.#t = texts.t;
    const { t } = texts;
    if (!canPlay) {
      fill(this, h("p", { class: "note warn", role: "alert" }, t("player.no-mse")));
      return;
    }
    this.#zone = new ZoneClock(chosen[0].time_zone ?? context.formats.here);
    const tracks = chosen.map((camera) => new Track(camera.id, context.api));
    const shared = {
      t, zone: this.#zone, server: this.#server, url: context.api.url, mark: () => this.#mark(),
      cause: (code) => word(context, "cause", code), track: (id) => tracks.find((track) => track.camera === id),
    };
    const views = chosen.map((camera) => new View(camera.id, camera.name, shared));
    this.conductor = new Conductor(views, tracks, this.#server);
    this.timeline = new Timeline(tracks, chosen.map((camera) => camera.name), shared);
    this.#draw(views, tracks, shared);
    this.#listen(views, tracks);
    await this.#start(tracks);
  }

  #mark() {
    const { me } = this.context;
    const now = this.#server.now();
    const about = me.purpose?.case || me.purpose?.code || "";
    return [me.user, `${this.#zone.day(now)} ${this.#zone.time(now).slice(0, 5)}`, about].filter(Boolean).join(" · ");
  }

  async #start(tracks) {
    const { from, to, live, at } = this.#asked;
    const now = this.#server.now();
    const begin = from ?? (at ?? now) - HOUR_MS;
    const end = to ?? Math.max(begin + HOUR_MS, at ?? 0);
    this.timeline.show(begin, end);
    if (live) {
      this.#load().catch((error) => this.#trouble(error));
      await this.live();
      return;
    }
    if (!(await this.#mayWatch())) return;
    // what there is is known before pictures are asked for: nobody asks for what is missing
    await this.#load().catch((error) => this.#trouble(error));
    if (!this.conductor) return;
    if (at !== null) await this.conductor.seek(at);
    else {
      const kept = tracks.flatMap((track) => track.footage).filter((one) => one.to > begin && one.from < end);
      if (!kept.length) { this.conductor.seek(Math.min(begin, now)); return; }
      const last = Math.max(...kept.map((one) => one.to));
      // of today the newest minute, of another day its beginning
      const first = end > now ? Math.max(begin, last - 60_000) : Math.max(begin, Math.min(...kept.map((one) => one.from)));
      await this.conductor.seek(first, { quiet: true });
    }
    this.conductor.play();
  }

  async #mayWatch() {
    if (await demandPurpose(this.context)) return true;
    this.say(this.#t("player.no-purpose"), { stay: true });
    return false;
  }

  /** Learn what there is in the stretch that the time line shows. */
  async #load(options = {}) {
    const { from, to } = this.timeline;
    await Promise.all(this.conductor.tracks.map((track) => track.load(from, to, this.#server.now(), options)));
    this.timeline?.draw();
    if (this.conductor) this.#facts();
  }

  /* ---- what is seen */

  #draw(views, tracks, shared) {
    const t = this.#t;
    const button = (name, text, key, work, props = {}) => {
      const made = h("button", { type: "button", class: "player-button", title: key ? `${t(text)} (${key})` : t(text), "aria-label": t(text), onclick: work, ...props }, icon(name));
      this.#buttons[props.id ?? name] = made;
      made.removeAttribute("id");
      return made;
    };
    this.grid = h("div", { class: `player-grid player-grid-${views.length}` }, views.map((view) => view.element));
    this.notice = h("p", { class: "player-notice", role: "status", "aria-live": "polite" });
    this.speed = h("select", { "aria-label": t("player.speed"), title: t("player.speed"), onchange: () => { this.conductor.setRate(Number(this.speed.value)); if (!this.conductor.playing) this.conductor.play(); } },
      SPEEDS.map((speed) => h("option", { value: speed, selected: speed === 1 }, `${speed < 1 ? `1/${1 / speed}` : speed}×`)));
    this.when = h("input", { type: "datetime-local", step: "1", "aria-label": t("player.go") });
    const form = h("form", { class: "player-go", onsubmit: (event) => { event.preventDefault(); const wall = this.#zone.parse(this.when.value); if (wall !== null) this.go(wall); } },
      this.when, h("button", { class: "small" }, t("player.go.do")));
    const spans = [["player.span.minutes", 5 * 60_000], ["player.span.hour", HOUR_MS], ["player.span.day", "day"], ["player.span.month", "month"]];
    const zoom = h("div", { class: "player-spans", role: "group", "aria-label": t("player.spans") },
      spans.map(([text, span]) => h("button", { type: "button", class: "small quiet", onclick: () => this.showSpan(span) }, t(text))),
      button("minus", "player.zoom-out", "−", () => this.timeline.zoom(2)), button("plus", "player.zoom-in", "+", () => this.timeline.zoom(1 / 2)));
    this.live_ = button("live", "player.live", "V", () => this.toggleLive(), { "aria-pressed": "false" });
    this.live_.append(h("span", {}, t("player.live.short")));
    this.facts = h("div", { class: "player-facts" });
    fill(this, this.grid, this.notice,
      h("div", { class: "player-bar", role: "toolbar", "aria-label": t("player.controls") },
        button("markBack", "player.mark-back", "[", () => this.jump(-1)), button("back", "player.frame-back", ",", () => this.step(-1)),
        button("play", "player.play", "Space", () => this.toggle()),
        button("on", "player.frame-on", ".", () => this.step(1)), button("markOn", "player.mark-on", "]", () => this.jump(1)),
        this.speed, this.live_,
        h("span", { class: "player-space" }),
        button("in", "player.in", "I", () => this.markIn()), button("out", "player.out", "O", () => this.markOut()),
        button("mute", "player.sound", "M", () => this.toggleSound(), { "aria-pressed": "false" }), button("full", "player.full", "F", () => this.toggleFull()),
        h("button", { type: "button", class: "player-button", title: `${t("player.help")} (?)`, "aria-label": t("player.help"), onclick: () => this.help() }, h("span", { "aria-hidden": "true" }, "?"))),
      this.timeline.element,
      h("div", { class: "player-under" }, form, zoom),
      h("details", { class: "player-more" }, h("summary", {}, t("player.facts")), this.facts));
    this.classList.add("player");
    this.shared = shared;
  }

  #facts() {
    fill(this.facts, facts(this.conductor.tracks, this.#asked.cameras, this.timeline, this.shared, (wall) => this.go(wall)));
  }

  #listen(views, tracks) {
    const { conductor, timeline } = this;
    const on = (target, name, work) => { target.addEventListener(name, work); this.#ends.push(() => target.removeEventListener(name, work)); };
    on(this, "keydown", (event) => press(this, event));
    on(document, "keydown", (event) => { if (event.target === document.body) press(this, event); });
    on(document, "visibilitychange", () => { if (!document.hidden) this.#load().catch(() => {}); });
    conductor.addEventListener("time", () => this.#time());
    conductor.addEventListener("state", () => this.#state());
    conductor.addEventListener("gap", (event) => this.#gap(event.detail));
    conductor.addEventListener("stills", () => this.say(this.#t("player.stills")));
    conductor.addEventListener("end", () => this.say(this.#t("player.end"), { stay: true }));
    for (const view of views) {
      view.addEventListener("trouble", (event) => this.#trouble(event.detail, view));
      view.addEventListener("nothing", (event) => view.say(event.detail ? this.#t("player.gap-here", { cause: word(this.context, "cause", event.detail.cause) }) : this.#t("player.nothing")));
    }
    timeline.addEventListener("seek", (event) => this.go(event.detail));
    timeline.addEventListener("scrub", (event) => this.#scrub(event.detail));
    let waiting = 0;
    timeline.addEventListener("view", () => { clearTimeout(waiting); waiting = setTimeout(() => this.conductor && this.#load().catch((error) => this.#trouble(error)), 150); });
    const timer = setInterval(() => { if (!document.hidden && timeline.to > this.#server.now() - REFRESH_MS) this.#load({ background: true }).catch(() => {}); timeline.draw(); }, REFRESH_MS);
    this.#ends.push(() => { clearInterval(timer); clearTimeout(waiting); });
  }

  #time() {
    const { wall } = this.conductor;
    this.timeline.stand(wall, { follow: this.conductor.playing });
    if (document.activeElement !== this.when) this.when.value = this.#zone.local(wall);
    const now = performance.now();
    if (now - this.#told > 1000) {
      this.#told = now;
      this.dispatchEvent(new CustomEvent("footage-time", { detail: { at: new Date(wall).toISOString() } }));
    }
  }

  #state() {
    const { conductor } = this;
    if (!conductor) return;
    const t = this.#t;
    const text = conductor.playing ? t("player.pause") : t("player.play");
    fill(this.#buttons.play, icon(conductor.playing ? "pause" : "play"));
    this.#buttons.play.setAttribute("aria-label", text);
    this.#buttons.play.title = `${text} (Space)`;
    this.live_.setAttribute("aria-pressed", String(conductor.live));
    this.classList.toggle("player-is-live", conductor.live);
    this.speed.disabled = conductor.live;
    if (this.speed.value !== String(conductor.rate)) this.speed.value = String(conductor.rate);
    this.classList.toggle("player-by-stills", conductor.byStills);
  }

  /** Say something beside the picture; it is read out as well. */
  say(text, { stay = false } = {}) {
    clearTimeout(this.#said);
    this.notice.textContent = text;
    if (!stay) this.#said = setTimeout(() => { this.notice.textContent = ""; }, SAY_MS);
  }

  #gap({ from, to, cause }) {
    const length = this.context.formats.duration((to - from) / 1000);
    const zone = this.#zone;
    const day = zone.day(from) === zone.day(to) ? "" : `${zone.day(to)} `;
    this.say(this.#t(cause ? "player.gap" : "player.gap-unknown", {
      length, from: zone.time(from), to: day + zone.time(to), cause: cause ? word(this.context, "cause", cause) : "",
    }));
  }

  async #trouble(error, view = null) {
    const t = this.#t;
    if (error.status === 403 && /purpose/.test(error.code)) {
      this.context.me.purpose = null;
      if (await this.#mayWatch()) await this.go(this.wall ?? this.timeline.from);
      return;
    }
    if (error.status === 401) {
      this.say(t("player.signed-out"), { stay: true });
      return;
    }
    const text = error.name === "NotSupportedError" ? t("player.no-codec")
      : error.status === 403 ? this.#refusal(error)
        : error.code === "not-live" ? t("player.not-live") : error.status === 404 ? t("player.gone") : error instanceof RangeError ? t("player.damaged") : t("player.trouble");
    if (view) view.say(text, "trouble");
    else this.say(text);
  }

  /** The portal's words for a refusal, and what helps. */
  #refusal(error) {
    if (error.code === "second-person") return this.#t("player.second");
    const { title, text, hint } = wordsFor(this.context, { status: error.status, code: error.code, message: error.message, hint: error.body?.hint });
    return [title, text, hint].filter(Boolean).map((one) => (/[.!?]$/.test(one) ? one : `${one}.`)).join(" ");
  }

  /* ---- what can be done */

  toggle() {
    if (this.conductor.live) { this.conductor.leaveLive(); return; }
    if (this.conductor.playing) this.conductor.pause();
    else {
      if (this.conductor.backwards) this.conductor.setRate(1);
      this.conductor.play();
    }
  }

  async go(wall) {
    const { conductor } = this;
    const now = this.#server.now();
    const playing = conductor.playing || conductor.wall === null;
    if (wall >= now) { this.say(this.#t("player.future")); return; }
    if (!(await this.#mayWatch())) return;
    await conductor.seek(wall);
    if (playing) conductor.play();
  }

  async #scrub(wall) {
    if (!this.context.me.purpose && !(await this.#mayWatch())) return;
    this.conductor.scrub(wall);
  }

  skip(seconds) {
    if (this.wall !== null) this.go(this.wall + seconds * 1000);
  }

  step(way) {
    if (!this.conductor.live) this.conductor.step(way);
  }

  faster() {
    const { conductor } = this;
    if (conductor.live) return;
    const rate = !conductor.playing || conductor.backwards ? 1 : SPEEDS[Math.min(SPEEDS.length - 1, SPEEDS.indexOf(conductor.rate) + 1)];
    conductor.setRate(rate);
    conductor.play();
  }

  backwards() {
    const { conductor } = this;
    if (conductor.live || conductor.wall === null) return;
    const rate = conductor.playing && conductor.backwards ? Math.min(16, conductor.rate * 2) : 1;
    conductor.setRate(-rate);
    conductor.play();
  }

  /** To the next or the previous place worth a look: where footage goes on after a gap, an incident. */
  jump(way) {
    const { wall, tracks } = this.conductor;
    if (wall === null) return;
    const marks = tracks.flatMap((track) => track.marks()).sort((a, b) => a - b);
    const to = way > 0 ? marks.find((mark) => mark > wall + 500) : marks.findLast((mark) => mark < wall - 1500);
    if (to === undefined) this.say(this.#t(way > 0 ? "player.no-mark-on" : "player.no-mark-back"));
    else this.go(to);
  }

  edge(way) {
    const kept = this.conductor.tracks.flatMap((track) => track.footage).filter((one) => one.to > this.timeline.from && one.from < this.timeline.to);
    if (!kept.length) return;
    this.go(way < 0 ? Math.max(this.timeline.from, Math.min(...kept.map((one) => one.from))) : Math.min(this.timeline.to, Math.max(...kept.map((one) => one.to))) - 2000);
  }

  showSpan(span) {
    const wall = this.wall ?? (this.timeline.from + this.timeline.to) / 2;
    if (typeof span === "number") this.timeline.show(wall - span / 2, wall + span / 2);
    else this.timeline.show(this.#zone.startOf(span, wall), this.#zone.startOf(span, wall, 1));
  }

  async live() {
    this.say("");
    await this.conductor.goLive();
  }

  async toggleLive() {
    if (this.conductor.live) { await this.conductor.leaveLive(); return; }
    if (this.context.may && !this.context.may("live.view")) { this.say(this.#t("player.no-live")); return; }
    await this.live();
  }

  markIn() {
    this.#select(this.wall, Math.max(this.wall, this.selection?.to ?? this.wall));
  }

  markOut() {
    this.#select(Math.min(this.wall, this.selection?.from ?? this.wall), this.wall);
  }

  #select(from, to) {
    if (this.wall === null) return;
    this.timeline.selection = { from, to };
    this.timeline.draw();
    this.say(this.#t("player.selected", { from: `${this.#zone.day(from)} ${this.#zone.time(from)}`, to: this.#zone.time(to), length: this.context.formats.duration((to - from) / 1000) }), { stay: true });
    this.dispatchEvent(new CustomEvent("footage-selection", { detail: { from: new Date(from).toISOString(), to: new Date(to).toISOString() } }));
  }

  toggleSound() {
    const { video, feed } = this.conductor.views[0];
    video.muted = !video.muted;
    // sound that this browser does not know is converted, once somebody wants to hear it
    if (!video.muted && feed.mute && !feed.rendition) feed.useRendition(this.wall);
    else if (!video.muted && feed.mute) this.say(this.#t("player.no-sound"));
    fill(this.#buttons.mute, icon(video.muted ? "mute" : "sound"));
    this.#buttons.mute.setAttribute("aria-pressed", String(!video.muted));
  }

  toggleFull() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.requestFullscreen?.().catch(() => this.say(this.#t("player.no-full")));
  }

  help() {
    const dialog = helpDialog(this.#t);
    this.append(dialog);
    dialog.showModal();
  }
}

customElements.define("footage-player", FootagePlayer);
