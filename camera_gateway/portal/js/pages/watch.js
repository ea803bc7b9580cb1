/* Up to four cameras side by side, live or recorded, in step. The choice is in the address. */

import { fill, h } from "../dom.js";
import { empty, field, form, head, link, note, page as whole, select } from "../parts.js";
import { cameraBoxes, span } from "../pickers.js";
import { places } from "../places.js";
import { demandPurpose, purposeLine } from "../purpose.js";
import { RESTRICTED } from "../words.js";

const MOST = 4;
const HOUR_MS = 3_600_000;

export async function page(context) {
  const { t, api, may, query, setQuery } = context;
  const all = await places(api, { retired: Boolean(may("footage.view")) });
  if (!all.cameras.length) return whole(head(t("nav.watch")), empty(t("cameras.none"), t("cameras.none.text"), may("camera.manage") && link("/cameras/add", t("cameras.add"), "main")));
  const chosen = (query.get("cameras") ?? "").split(",").filter((id) => all.camera(id)).slice(0, MOST);
  const modes = [may("live.view") && ["live", t("watch.live")], may("footage.view") && ["recorded", t("watch.recorded")]].filter(Boolean);
  const mode = query.get("from") && may("footage.view") ? "recorded" : modes[0][0];
  const screen = h("div", { class: "screen wide" });
  const zone = all.zoneOf(all.camera(chosen[0]) ?? all.cameras[0]);
  const now = Date.now();
  const asked = span(context, zone, { from: query.get("from") ?? now - HOUR_MS, to: query.get("to") ?? now });
  asked.element.hidden = mode === "live";

  async function show(cameras, wanted) {
    const restricted = cameras.some((id) => RESTRICTED.has(all.camera(id).zone));
    if (!wanted.live && !(await demandPurpose(context, { restricted }))) return;
    try {
      await import("../player/element.js");
    } catch (problem) {
      console.warn(problem);
      return fill(screen, note("warn", t("player.missing"), t("player.missing.hint")));
    }
    const player = document.createElement("footage-player");
    player.context = context;
    fill(screen, player);
    await player.open({ cameras: cameras.map((id) => ({ ...all.camera(id), time_zone: all.zoneOf(all.camera(id)) })), ...wanted });
    picker.open = false;
    fill(line, purposeLine(context));
  }
  const element = form(context, {
    submit: t("watch.do"),
    async send(values) {
      const cameras = values.cameras ?? [];
      if (!cameras.length) throw new Error(t("watch.choose-first"));
      const live = values.mode === "live";
      const { from, to } = live ? { from: null, to: null } : asked.read(values);
      setQuery({ cameras: cameras.join(","), from, to });
      await show(cameras, { from, to, at: live ? null : from, live });
    },
  }, modes.length > 1 ? field(t("watch.mode"), select(modes, mode, { name: "mode", onchange: (event) => { asked.element.hidden = event.target.value === "live"; for (const input of asked.element.querySelectorAll("input")) input.disabled = event.target.value === "live"; } })) : h("input", { type: "hidden", name: "mode", value: mode }),
  asked.element, cameraBoxes(context, all.cameras, chosen, { most: MOST }));
  if (mode === "live") for (const input of asked.element.querySelectorAll("input")) input.disabled = true;
  const picker = h("details", { class: "card", open: true }, h("summary", {}, t("watch.picker")), element);
  const line = h("div", {}, purposeLine(context));
  if (chosen.length && query.get("from") && context.me.purpose) show(chosen, { from: query.get("from"), to: query.get("to") ?? new Date(now).toISOString(), at: query.get("at") ?? query.get("from"), live: false });
  return whole(head(t("nav.watch"), { lead: t("watch.lead") }), line, picker, screen);
}
