/* What the time line shows, as a table: for those who do not see a canvas, and to go to a place by its name. */

import { h } from "../dom.js";

const MOST = 200;

/** The table of gaps, incidents and holds in the stretch that is shown; `go(wall)` is called for a row's button. */
export function facts(tracks, cameras, timeline, { t, cause, zone }, go) {
  const rows = [];
  tracks.forEach((track, index) => {
    const camera = cameras[index].name;
    const shown = (one) => one.from < timeline.to && (one.to ?? Infinity) > timeline.from;
    for (const gap of track.gaps.filter(shown)) rows.push({ camera, at: gap.from, to: gap.to, what: t("player.gap-row", { cause: cause(gap.cause) }), go: gap.to });
    for (const one of track.incidents.filter(shown)) rows.push({ camera, at: one.from, to: null, what: `${t("player.incident")}${one.text ? `: ${one.text}` : ""}`, go: one.from });
    for (const hold of track.holds.filter(shown)) rows.push({ camera, at: hold.from, to: hold.to, what: `${t("player.hold")}${hold.case ? `: ${hold.case}` : ""}`, go: hold.from });
    for (const one of track.impairments.filter(shown)) rows.push({ camera, at: one.from, to: one.to, what: t("player.impaired", { kind: one.kind ?? "" }), go: one.from });
    const waiting = track.spans.filter((span) => span.state !== "stored").filter(shown);
    if (waiting.length) rows.push({ camera, at: waiting[0].from, to: waiting.at(-1).to, what: t("player.spooled"), go: waiting[0].from });
  });
  if (!rows.length) return h("p", {}, t("player.facts.none"));
  rows.sort((a, b) => a.at - b.at);
  const time = (wall) => (wall === null || wall === undefined ? "–" : `${zone.day(wall)} ${zone.time(wall)}`);
  const many = cameras.length > 1;
  return h("div", { class: "table", tabindex: "0", role: "region", "aria-label": t("player.facts") }, h("table", {},
    h("thead", {}, h("tr", {}, many && h("th", { scope: "col" }, t("player.camera")), h("th", { scope: "col" }, t("player.from")), h("th", { scope: "col" }, t("player.to")), h("th", { scope: "col" }, t("player.what")), h("th", { scope: "col" }, h("span", { class: "sr" }, t("player.go.do"))))),
    h("tbody", {}, rows.slice(0, MOST).map((row) => h("tr", {}, many && h("td", {}, row.camera), h("td", {}, time(row.at)), h("td", {}, time(row.to)), h("th", { scope: "row" }, row.what),
      h("td", {}, h("button", { type: "button", class: "small", "aria-label": t("player.go-to", { what: row.what, at: time(row.go) }), onclick: () => go(row.go) }, t("player.go.do"))))))));
}
