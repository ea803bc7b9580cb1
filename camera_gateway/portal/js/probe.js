/* What a probe of a camera found: what it sends, or why it cannot be used and what to do. */

import { h } from "./dom.js";
import { facts, note } from "./parts.js";
import { word } from "./words.js";

/** How far the camera's clock is off, in words; null where nobody knows. */
export function clockWords({ t, formats }, offset_s) {
  if (offset_s === null || offset_s === undefined) return null;
  if (Math.abs(offset_s) < 1) return t("camera.clock.right");
  return t(offset_s < 0 ? "camera.clock.slow" : "camera.clock.fast", { span: formats.duration(Math.abs(offset_s)) });
}

export function probeResult(context, found) {
  const { t, formats, texts } = context;
  if (!found.ok) {
    const known = texts.has(`probe.${found.cause}.do`);
    return note("bad", word(context, "probe", found.cause), known ? t(`probe.${found.cause}.do`) : found.hint, found.message && h("p", { class: "muted small" }, found.message));
  }
  const video = found.video ?? {};
  const audio = found.audio;
  return note("good", t("probe.ok"), null, facts(
    [t("camera.video"), [video.codec, video.width && `${video.width} × ${video.height}`, video.fps && t("probe.fps", { fps: formats.number(video.fps, 1) })].filter(Boolean).join(" · ")],
    [t("probe.gop"), video.gop_s ? formats.duration(video.gop_s) : null],
    [t("probe.audio"), audio ? (audio.codec ?? t("common.yes")) : t("common.no")],
    [t("camera.clock"), clockWords(context, found.clock_offset_s) ?? t("common.unknown")],
    [t("probe.auth"), found.auth ?? null]),
  found.skipped?.length ? h("p", { class: "muted small" }, t("probe.skipped", { what: formats.list(found.skipped) })) : null);
}
