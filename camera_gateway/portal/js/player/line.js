/* The player's time line by itself: what there is of one camera in a stretch, without a picture. Moved and zoomed like
   the player's; Enter or a click goes to the moment. */

import { word } from "../words.js";
import { ServerClock, ZoneClock } from "./clock.js";
import { style, textsOf } from "./ready.js";
import { Timeline } from "./timeline.js";
import { Track } from "./track.js";

const STEP_MS = 300_000;
const FINE_MS = 60_000;

/** The line of a camera from–to (ms); `go(wall)` is called with the moment that somebody chose. */
export async function line(context, camera, zone, { from, to, go }) {
  const { t } = await textsOf(context.language);
  await style();
  const server = new ServerClock();
  const track = new Track(camera.id, context.api);
  await track.load(from, Math.min(to, server.now()), server.now());
  const drawn = new Timeline([track], [camera.name], { t, cause: (code) => word(context, "cause", code), zone: new ZoneClock(zone), server });
  drawn.limits = [from, to];
  drawn.show(from, to);
  // whole days are known, and a gap may have begun before
  drawn.stand(Math.max(from, track.gaps.find((gap) => gap.required !== false && gap.to > from)?.from ?? from));
  drawn.addEventListener("seek", (event) => go(Math.min(to, Math.max(from, event.detail))));
  const move = (by) => drawn.stand(Math.min(to, Math.max(from, drawn.wall + by)), { follow: true });
  const keys = {
    ArrowLeft: (event) => move(event.shiftKey ? -FINE_MS : -STEP_MS), ArrowRight: (event) => move(event.shiftKey ? FINE_MS : STEP_MS),
    ArrowUp: () => drawn.zoom(1 / 2), "+": () => drawn.zoom(1 / 2), ArrowDown: () => drawn.zoom(2), "-": () => drawn.zoom(2),
    Home: () => move(from - to), End: () => move(to - from), Enter: () => go(drawn.wall),
  };
  drawn.element.addEventListener("keydown", (event) => {
    const work = event.ctrlKey || event.metaKey || event.altKey ? null : keys[event.key];
    if (!work) return;
    event.preventDefault();
    work(event);
  });
  context.onLeave(() => drawn.close());
  return drawn.element;
}
