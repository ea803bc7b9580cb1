/* One camera's pane: its picture, the wall time of that picture to the frame, the viewer's mark, and what it has to
   say when there is no picture. It plays nothing by itself; the conductor does. */

import { h, fill } from "../dom.js";
import { Feed } from "./feed.js";
import { keepMark } from "./watermark.js";

const STILL_WIDTH = 960;
const READY = 3; // HAVE_FUTURE_DATA

export class View extends EventTarget {
  /** `shared`: {t, zone: ZoneClock, server: ServerClock, url, mark: () => text, track}. */
  constructor(camera, name, shared) {
    super();
    const { t } = shared;
    this.camera = camera;
    this.name = name;
    this.shared = shared;
    this.video = h("video", { muted: true, playsinline: true, disablepictureinpicture: true, "aria-label": t("player.picture", { camera: name }) });
    this.video.muted = true;
    this.still = h("img", { class: "player-still", alt: "", hidden: true });
    this.time = h("time", {});
    this.doubt = h("span", { class: "player-doubt" });
    this.lag = h("span", { class: "player-lag", hidden: true });
    this.note = h("p", { class: "player-note", hidden: true });
    this.badge = h("p", { class: "player-badge", hidden: true });
    this.wait = h("span", { class: "player-wait", hidden: true, "aria-hidden": "true" });
    this.box = h("div", { class: "player-picture" },
      this.video, this.still, this.wait,
      h("p", { class: "player-name" }, name),
      h("p", { class: "player-clock" }, this.time, this.doubt, this.lag),
      this.badge, this.note);
    this.element = h("section", { class: "player-pane", "aria-label": name }, this.box);
    this.feed = new Feed(this.video, shared.url(`cameras/${encodeURIComponent(camera)}`), shared.server,
      (from, to) => shared.track(camera)?.any(from, to) !== false);
    this.endMark = keepMark(this.box, shared.mark);
    this.shown = null;
    this.failed = false;
    this.#listen();
  }

  #closed = false;
  #loading = null;
  #wanted = null;
  #turn = 0;

  #listen() {
    const { feed, video } = this;
    feed.addEventListener("change", () => this.#settle());
    feed.addEventListener("trouble", (event) => {
      // what ends the feed ends this camera's part in playing together
      this.failed = event.detail.status === 401 || event.detail.status === 403 || event.detail.name === "NotSupportedError";
      this.dispatchEvent(new CustomEvent("trouble", { detail: event.detail }));
    });
    feed.addEventListener("rendition", () => {
      fill(this.badge, this.shared.t("player.rendition", { codec: feed.original.startsWith("hvc1") || feed.original.startsWith("hev1") ? "H.265" : feed.original }));
      this.badge.hidden = false;
    });
    video.addEventListener("error", () => this.dispatchEvent(new CustomEvent("broken", { detail: video.error })));
    if ("requestVideoFrameCallback" in video) {
      const each = (_now, frame) => {
        if (this.#closed) return;
        this.showTime(frame.mediaTime);
        video.requestVideoFrameCallback(each);
      };
      video.requestVideoFrameCallback(each);
    } else {
      const each = () => {
        if (this.#closed) return;
        if (video.readyState >= 2) this.showTime(video.currentTime);
        requestAnimationFrame(each);
      };
      requestAnimationFrame(each);
    }
  }

  /** A seek that landed a hair before the first picture would wait for ever. */
  #settle() {
    const { video, feed } = this;
    if (!feed.live && (video.seeking || video.readyState < READY)) {
      const at = video.currentTime;
      if (feed.pieces.some((piece) => piece.start <= at && at < piece.end)) return;
      const next = feed.pieces.find((piece) => piece.start > at);
      if (next && next.start - at < 0.25) video.currentTime = next.start + 0.001;
    }
  }

  /** Write the wall time of the picture that is now shown. */
  showTime(mediaTime) {
    const wall = this.feed.wallAt(mediaTime);
    if (wall === null) return;
    this.still.hidden = true;
    this.shown = { wall, mediaTime };
    this.#write(wall, this.shared.track(this.camera)?.doubtAt(wall) ?? null);
    if (this.feed.live) {
      const behind = Math.max(0, (this.shared.server.now() - wall) / 1000);
      this.lag.textContent = this.shared.t("player.behind", { seconds: behind.toFixed(1) });
      this.lag.dataset.seconds = behind.toFixed(3);
    }
    this.lag.hidden = !this.feed.live;
    if (!this.note.hidden && this.note.dataset.kind !== "trouble") this.say(null);
    this.wait.hidden = true;
    this.dispatchEvent(new Event("frame"));
  }

  #write(wall, doubtMs) {
    const { zone, t } = this.shared;
    // the nearest millisecond: wall times of pictures are finer than what is written
    const near = Math.round(wall);
    this.time.textContent = `${zone.day(near)} ${zone.time(near, { milliseconds: true })} ${zone.zoneText(near)}`;
    this.time.dateTime = new Date(near).toISOString();
    this.time.dataset.us = String(Math.round(wall * 1000));
    this.doubt.textContent = doubtMs === null ? "" : `± ${doubtMs < 1000 ? `${Math.ceil(doubtMs)} ${t("unit.ms")}` : `${(Math.ceil(doubtMs / 100) / 10).toFixed(1)} ${t("unit.s")}`}`;
    this.doubt.title = doubtMs === null ? "" : t("player.doubt");
  }

  /** Text over the picture; null takes it away. `kind`: gap, trouble. */
  say(text, kind = "gap") {
    this.note.hidden = text === null;
    this.note.dataset.kind = kind;
    fill(this.note, text ?? "");
    this.element.classList.toggle("player-dark", text !== null && kind === "gap");
    if (text !== null) this.wait.hidden = true;
  }

  waiting(yes) {
    this.wait.hidden = !yes || !this.note.hidden;
  }

  get ready() {
    return this.video.readyState >= READY && !this.video.seeking;
  }

  /** Whether the picture that is shown is that of the place sought; at a gap's edge a browser may seek for ever. */
  get near() {
    return this.shown !== null && Math.abs(this.shown.mediaTime - this.video.currentTime) < 0.12;
  }

  /** Where playing stands, ms since 1970; null before there is a picture. */
  get wall() {
    return this.feed.wallAt(this.video.currentTime);
  }

  async seek(wall) {
    this.video.pause();
    await this.feed.seek(wall);
  }

  /** Show the still of a moment; of many asked for in a row the last one is what is fetched next. Resolves when shown. */
  async showStill(wall) {
    this.#wanted = wall;
    this.#loading ??= this.#loadStills();
    await this.#loading;
  }

  async #loadStills() {
    while (this.#wanted !== null && !this.#closed) {
      const wall = this.#wanted;
      this.#wanted = null;
      const turn = this.#turn;
      try {
        const address = this.shared.url(`cameras/${encodeURIComponent(this.camera)}/still`, { at: new Date(wall).toISOString(), width: STILL_WIDTH });
        const response = await fetch(address, { credentials: "same-origin", cache: "no-store" });
        this.shared.server.learn(response);
        if (!response.ok) throw new Error(String(response.status));
        const taken = Date.parse(response.headers.get("X-Picture-At") ?? "");
        const picture = URL.createObjectURL(await response.blob());
        this.still.src = picture;
        await this.still.decode().catch(() => {});
        URL.revokeObjectURL(picture);
        // meanwhile somebody has gone back to the moving picture
        if (turn !== this.#turn) continue;
        this.still.hidden = false;
        this.say(null);
        this.#write(Number.isNaN(taken) ? wall : taken, Number.isNaN(taken) ? 1000 : this.shared.track(this.camera)?.doubtAt(taken) ?? null);
      } catch {
        if (turn === this.#turn) this.say(this.shared.t("player.no-still"));
      }
    }
    this.#loading = null;
  }

  hideStill() {
    this.#wanted = null;
    this.#turn += 1;
    this.still.hidden = true;
  }

  close() {
    this.#closed = true;
    this.feed.close();
    this.endMark();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
