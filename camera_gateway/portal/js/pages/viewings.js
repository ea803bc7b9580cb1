/* The register of viewings: who watched which camera, what time, for how long and for what purpose. */

import { fill, h } from "../dom.js";
import { empty, field, head, paged, page as whole, select, table } from "../parts.js";
import { places } from "../places.js";
import { person, word } from "../words.js";

export async function page(context) {
  const { t, api, query, setQuery, formats } = context;
  const all = await places(api, { retired: true });
  const chosen = { camera: query.get("camera") ?? "", user: query.get("user") ?? "" };
  const place = h("div", {});
  const draw = () => fill(place, paged(context, (cursor) => api.get("audit/viewings", { ...chosen, limit: 100, cursor }), (rows) => table(context, {
    caption: t("viewings.title"), rows, none: empty(t("viewings.none"), t("viewings.none.text")),
    columns: [
      { title: "№", head: true, cell: (row) => formats.number(row.number) },
      { title: t("viewings.date"), cell: (row) => formats.time(row.at, zoneOf(row)) },
      { title: t("camera.name"), cell: (row) => [h("a", { href: `/cameras/${row.camera}` }, row.camera_name), h("span", { class: "muted small" }, h("br"), all.nameOf(row.institution))] },
      { title: t("viewings.span"), cell: (row) => (row.from ? formats.span(row.from, row.to, zoneOf(row), { seconds: true }) : t("viewings.live")) },
      { title: t("viewings.action"), cell: (row) => word(context, "viewing", row.action) },
      { title: t("viewings.who"), cell: (row) => [row.name || person(context, row.actor), h("span", { class: "muted small" }, h("br"), [row.post, row.address].filter(Boolean).join(" · "))] },
      { title: t("viewings.purpose"), cell: (row) => [word(context, "purpose", row.purpose), row.case && h("span", { class: "muted small" }, h("br"), row.case)] },
      { title: t("viewings.long"), number: true, cell: (row) => formats.duration(row.watched_s) },
    ],
  })));
  const zoneOf = (row) => all.zoneOf(all.camera(row.camera));
  draw();
  const choose = (name, value) => { chosen[name] = value; setQuery({ [name]: value }); draw(); };
  return whole(head(t("viewings.title"), { trail: [t("nav.audit"), "/audit"], lead: t("viewings.lead") }),
    h("form", { class: "filters", onsubmit: (event) => event.preventDefault() },
      field(t("camera.name"), select([["", t("common.all")], ...all.cameras.map((one) => [one.id, one.name])], chosen.camera, { onchange: (event) => choose("camera", event.target.value) })),
      field(t("viewings.who"), { type: "search", value: chosen.user, spellcheck: "false", onchange: (event) => choose("user", event.target.value.trim()) })), place);
}
