"""The player on a page, and what it shows as numbers: each picture's own number beside the clock that is drawn on it.

The pictures are read from the video element through a canvas, so that what is compared is what a person sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.browser import until
from support.burnt_footage import LOOP_S, US

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from support.portal_house import PortalHouse

MOUNT = """
async ([cameras, options, language]) => {
  const base = new URL(".", document.querySelector("script[type=module]").src).href.slice(0, -1);
  const load = (name) => import(`${base}/${name}.js`);
  const [{ makeApi }, i18n, { makeFormats }] = await Promise.all(["api", "i18n", "formats"].map(load));
  await import(`${base}/player/element.js`);
  const texts = await i18n.load(language);
  const api = makeApi();
  const me = await api.get("me");
  api.csrf = me.csrf;
  const player = document.createElement("footage-player");
  const { t, locale } = texts;
  player.context = { api, me, t, texts, formats: makeFormats(texts), language, locale, may: () => "yes" };
  const main = document.createElement("main");
  const title = document.createElement("h1");
  title.textContent = "Player";
  main.append(title, player);
  document.body.replaceChildren(main);
  window.player = player;
  window.opened = performance.now();
  await player.open({ cameras: cameras.map(([id, name]) => ({ id, name, time_zone: "Asia/Almaty" })), ...options });
}
"""

READ = """
(blocks) => {
  window.seen = [];
  for (const pane of document.querySelectorAll(".player-pane")) {
    const video = pane.querySelector("video");
    const time = pane.querySelector("time");
    const doubt = pane.querySelector(".player-doubt");
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const each = (now, frame) => {
      video.requestVideoFrameCallback(each);
      const side = Math.max(8, Math.floor(video.videoHeight / 72) * 2);
      canvas.width = side * blocks;
      canvas.height = side;
      // the page may be late: what is drawn must be the very picture that this call tells of
      const picture = typeof VideoFrame === "undefined" ? null : new VideoFrame(video);
      // Firefox 153 tells whole seconds as the time stamp: there, how late the call is must do
      const exact = picture && Math.abs(picture.timestamp / 1e6 - frame.mediaTime) < 60;
      const late = exact
        ? Math.abs(picture.timestamp / 1e6 - frame.mediaTime) > 0.001
        : performance.now() - frame.expectedDisplayTime > 20;
      pen.drawImage(picture ?? video, 0, 0, side * blocks, side, 0, 0, side * blocks, side);
      picture?.close();
      if (late) return;
      const { data } = pen.getImageData(0, 0, side * blocks, side);
      const bits = [];
      for (let block = 0; block < blocks; block += 1) {
        let sum = 0;
        let count = 0;
        for (let y = side >> 2; y < side - (side >> 2); y += 1) {
          for (let x = block * side + (side >> 2); x < (block + 1) * side - (side >> 2); x += 1) {
            sum += data[(y * side * blocks + x) * 4];
            count += 1;
          }
        }
        bits.push(sum / count > 126 ? 1 : 0);
      }
      const number = bits.slice(2, -1);
      const legible = bits[0] === 1 && bits[1] === 0 && bits.at(-1) === 1 - (number.reduce((a, b) => a + b, 0) % 2);
      queueMicrotask(() => window.seen.push({
        camera: pane.getAttribute("aria-label"),
        number: legible ? parseInt(number.join(""), 2) : null,
        wall_us: Number(time.dataset.us),
        text: time.textContent,
        doubt: doubt.textContent,
        width: video.videoWidth,
        at: now,
      }));
    };
    video.requestVideoFrameCallback(each);
  }
}
"""
BLOCKS = 19
ROUNDING_US = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that was shown: its own number, and the wall time written on it."""

    camera: str
    number: int | None
    wall_us: int
    text: str
    doubt: str
    width: int
    at: float

    def off_by(self, fps: int) -> int:
        """Pictures between the number in the picture and the one that belongs to the moment written beside it."""
        assert self.number is not None, f"no number can be read at {self.text}"
        count = fps * LOOP_S
        promised = (self.wall_us + ROUNDING_US) * fps // US
        return (self.number - promised + count // 2) % count - count // 2


def open_player(
    page: Page,
    house: PortalHouse,
    *cameras: tuple[str, str],
    language: str = "ru",
    at_us: int | None = None,
    **options: object,
) -> None:
    """Put a player on a page of the portal and open it; the page's visitor is signed in."""
    if at_us is not None:
        options["at"] = at_us / 1000
    page.goto("/sign-in")
    page.wait_for_selector("main")
    page.evaluate(MOUNT, [cameras, options, language])
    page.wait_for_selector(".player-pane video")
    page.evaluate(READ, BLOCKS)


def seen(page: Page) -> list[Shown]:
    """Return every picture that was shown and could be read so far."""
    return [Shown(**one) for one in page.evaluate("window.seen")]


def forget(page: Page) -> None:
    page.evaluate("() => { window.seen = [] }")


def wait_until_shown(page: Page, count: int = 10, camera: str | None = None, seconds: float = 60) -> list[Shown]:
    """Wait until so many pictures were shown since the last `forget`."""
    told = "([count, camera]) => window.seen.filter((s) => !camera || s.camera === camera).length >= count"
    until(page, told, [count, camera], seconds=seconds)
    return seen(page)


def go(page: Page, wall_us: int) -> None:
    """Let the player go to a moment and forget what was shown before."""
    page.evaluate("(wall) => { window.seen = []; return window.player.go(wall) }", wall_us / 1000)


def wall_us(page: Page) -> int:
    return round(page.evaluate("window.player.wall") * 1000)
