/* Every camera with what it does now; filters stay in the address, long lists are drawn as they are scrolled to. */

import { fill, h } from "../dom.js";
import { button, empty, field, head, link, page as whole, select, table } from "../parts.js";
import { cameraLink, cameraState, isWrong, ZONES, zoneWord } from "../words.js";

const AT_ONCE = 100;
const EVERY_MS = 15_000;

export async function page(context) {
  const { t, api, may, query, setQuery, formats, onLeave } = context;
  const [institutions, first] = await Promise.all([api.all("institutions"), api.all("cameras", {}, 50000)]);
  let cameras = first;
  const names = new Map(institutions.map((one) => [one.id, one.name]));
  const chosen = { q: query.get("q") ?? "", institution: query.get("institution") ?? "", zone: query.get("zone") ?? "", state: query.get("state") ?? "" };
  let shown = AT_ONCE;
  const place = h("div", { class: "stack" });
  const count = h("p", { class: "muted small", role: "status" });

  const fits = (camera) => (!chosen.institution || camera.institution === chosen.institution) && (!chosen.zone || camera.zone === chosen.zone)
    && (!chosen.state || (chosen.state === "wrong" ? isWrong(camera) : camera.state === chosen.state))
    && (!chosen.q || `${camera.name} ${camera.id} ${names.get(camera.institution) ?? ""}`.toLocaleLowerCase().includes(chosen.q.toLocaleLowerCase()));
  const rank = (camera) => (isWrong(camera) ? 0 : camera.state === "recording" ? 2 : 1);

  function draw() {
    const rows = cameras.filter(fits).sort((a, b) => rank(a) - rank(b) || formats.compare(names.get(a.institution) ?? "", names.get(b.institution) ?? "") || formats.compare(a.name, b.name));
    fill(count, t("cameras.count", { count: rows.length }), rows.some(isWrong) ? ` ${t("cameras.count-wrong", { count: rows.filter(isWrong).length })}` : "");
    fill(place, table(context, {
      caption: t("nav.cameras"), rows: rows.slice(0, shown), sortable: rows.length <= AT_ONCE,
      none: cameras.length ? empty(t("cameras.none-fit"), t("cameras.none-fit.text"), button(t("cameras.clear"), () => { for (const name of Object.keys(chosen)) choose(name, ""); form.reset(); for (const input of form.elements) input.value = ""; }))
        : empty(t("cameras.none"), t("cameras.none.text"), may("camera.manage") && link("/cameras/add", t("cameras.add"), "main"), may("camera.manage") && link("/cameras/discover", t("cameras.discover"))),
      columns: [
        { title: t("camera.name"), head: true, cell: cameraLink, sort: (row) => row.name },
        institutions.length > 1 && { title: t("camera.institution"), cell: (row) => names.get(row.institution) ?? row.institution, sort: (row) => names.get(row.institution) },
        { title: t("camera.zone"), cell: (row) => zoneWord(context, row.zone), sort: (row) => zoneWord(context, row.zone) },
        { title: t("camera.state"), cell: (row) => cameraState(context, row), sort: rank },
        { title: t("camera.last"), cell: (row) => (row.last_packet_at ? h("span", { title: row.last_packet_at }, formats.ago(row.last_packet_at)) : "–"), sort: (row) => row.last_packet_at },
      ],
    }), rows.length > shown ? h("div", { class: "row" }, button(t("common.more"), () => { shown += AT_ONCE; draw(); }), h("span", { class: "muted small" }, t("common.of", { count: shown, total: rows.length }))) : null);
  }
  function choose(name, value) {
    chosen[name] = value;
    shown = AT_ONCE;
    setQuery({ [name]: value });
    draw();
  }
  const filter = (name, label, choices) => field(label, select([["", t("common.all")], ...choices], chosen[name], { name, onchange: (event) => choose(name, event.target.value) }));
  const form = h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
    field(t("cameras.search"), { type: "search", name: "q", value: chosen.q, oninput: (event) => choose("q", event.target.value.trim()) }),
    institutions.length > 1 && filter("institution", t("camera.institution"), institutions.map((one) => [one.id, one.name])),
    filter("zone", t("camera.zone"), ZONES.map((zone) => [zone, zoneWord(context, zone)])),
    filter("state", t("camera.state"), [["wrong", t("cameras.wrong")], ...["recording", "paused", "off"].map((state) => [state, t(`state.${state}`)])]));
  draw();
  const timer = setInterval(async () => {
    // a list is not drawn anew under the hands of somebody who reads it
    const busy = () => document.hidden || place.contains(document.activeElement) || shown > AT_ONCE;
    if (busy()) return;
    try {
      cameras = await api.all("cameras", {}, 50000, { background: true });
      if (!busy()) draw();
    } catch { /* the next turn tries again */ }
  }, EVERY_MS);
  onLeave(() => clearInterval(timer));
  const manage = may("camera.manage");
  return whole(head(t("nav.cameras"), { actions: [manage && link("/cameras/add", t("cameras.add"), "main"), manage && link("/cameras/import", t("cameras.import")), manage && link("/cameras/discover", t("cameras.discover"))] }), form, count, place);
}
