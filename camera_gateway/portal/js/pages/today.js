/* Today: what needs me, in three sentences, then the list; each line leads to where it is settled. */

import { h } from "../dom.js";
import { card, empty, head, link, page as whole, status } from "../parts.js";
import { cameraState, isWrong, word } from "../words.js";

const EVERY_MS = 30_000;
const GRAVITY = { 1: "bad", 2: "warn", 3: "mute" };
/** Findings whose page is one thing rather than a list. */
const address = (finding) => {
  if (finding.code === "cameras-down") return finding.data.cameras?.length === 1 ? `/cameras/${finding.data.cameras[0].id}` : "/cameras?state=wrong";
  if (finding.code === "device-changed" && finding.data.cameras?.length === 1) return `/cameras/${finding.data.cameras[0].id}`;
  if (finding.code.startsWith("requests-") && finding.data.requests?.length === 1) return `/evidence/${finding.data.requests[0]}`;
  if (finding.code === "no-camera") return "/cameras/add";
  return `/${finding.page}`;
};

export async function page(context) {
  const { t, api, me, may, formats, refresh, onLeave } = context;
  const timer = setTimeout(refresh, EVERY_MS);
  onLeave(() => clearTimeout(timer));
  const [today, cameras] = await Promise.all([api.get("today"), may("registry.see") ? api.all("cameras", {}, 50000) : []]);
  const findings = today.findings;
  const grave = findings.filter((one) => one.gravity === 1);
  const wrong = cameras.filter(isWrong).length;
  const recording = cameras.filter((camera) => camera.state === "recording").length;
  const sentences = [
    cameras.length ? (wrong ? t("today.cameras.wrong", { count: wrong, total: cameras.length }) : t("today.cameras.fine", { count: recording })) : t("today.cameras.none"),
    findings.length ? t("today.needs", { count: findings.length }) : t("today.needs.none"),
    grave.length ? t("today.now", { count: grave.length }) : t("today.now.none"),
  ];
  const words = (finding) => {
    const { data } = finding;
    const values = { ...data, count: finding.count, span: data.until_loss_s !== undefined ? formats.duration(data.until_loss_s) : "", names: formats.list((data.cameras ?? []).map((one) => one.name ?? one.id)),
      what: formats.list([...Object.keys(data.lacking ?? {}), ...(data.properties ?? [])].map((one) => word(context, "property", one))) };
    return [context.texts.has(`today.${finding.code}`) ? t(`today.${finding.code}`, values) : finding.code, context.texts.has(`today.${finding.code}.do`) ? t(`today.${finding.code}.do`, values) : ""];
  };
  return whole(
    head(t("today.title"), { lead: formats.longDay(Date.now()), actions: [may("compliance.see") && link("/compliance", t("compliance.title"))] }),
    h("div", { class: "sentences" }, sentences.map((text) => h("p", {}, text))),
    findings.length ? h("ol", { class: "findings" }, findings.map((finding) => {
      const [what, todo] = words(finding);
      return h("li", {}, h("a", { class: `finding ${GRAVITY[finding.gravity]}`, href: address(finding) }, status(GRAVITY[finding.gravity], t(`gravity.${finding.gravity}`)), h("strong", {}, what), todo && h("span", { class: "muted" }, todo)));
    })) : empty(t("today.nothing"), t("today.nothing.text"), may("live.view") && cameras.length ? link("/watch", t("nav.watch")) : null),
    cameras.length ? card(h("span", {}, t("nav.cameras"), " ", h("a", { class: "small", href: "/cameras" }, t("today.all-cameras"))), h("ul", { class: "camera-tiles" }, [...cameras].sort((a, b) => isWrong(b) - isWrong(a) || formats.compare(a.name, b.name)).slice(0, 24).map((camera) => h("li", {}, h("a", { href: `/cameras/${camera.id}` }, h("strong", {}, camera.name), cameraState(context, camera)))))) : null,
    me.roles?.length === 0 ? empty(t("today.no-role"), t("today.no-role.text")) : null);
}
