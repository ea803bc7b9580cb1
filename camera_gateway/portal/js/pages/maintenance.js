/* Planned work: what was announced before it began counts as planned, and nothing else does. */

import { h } from "../dom.js";
import { ask, button, check, empty, field, head, page as whole, select, status, table, toast } from "../parts.js";
import { span } from "../pickers.js";
import { person } from "../words.js";
import { places } from "../places.js";
import { alertTabs } from "./alerts.js";

const HOUR_MS = 3_600_000;

export async function page(context) {
  const { t, api, may, query, setQuery, reload, formats } = context;
  const past = query.get("past") === "1";
  const [list, all] = await Promise.all([api.all("maintenance"), places(api, { retired: true })]);
  const now = Date.now();
  const rows = list.filter((row) => past || (!row.cancelled_at && Date.parse(row.to) > now)).sort((a, b) => b.from.localeCompare(a.from));
  const manage = may("camera.manage");
  const zone = (row) => all.zoneOfInstitution(row.institution);
  const state = (row) => (row.cancelled_at ? status("mute", t("maintenance.cancelled")) : Date.parse(row.to) <= now ? status("mute", t("maintenance.over")) : Date.parse(row.from) <= now ? status("warn", t("maintenance.now")) : status("good", t("maintenance.planned")));
  const cancel = (row) => ask(context, { title: t("maintenance.cancel"), text: t("maintenance.cancel.text"), submit: t("maintenance.cancel"), danger: true, send: async () => { await api.delete(`maintenance/${row.number}`); toast(t("maintenance.cancelled")); reload(); } });
  return whole(
    head(t("maintenance.title"), { lead: t("maintenance.lead"), actions: [manage && button(t("maintenance.plan"), () => plan(context, all), "main")] }), alertTabs(context, "/alerts/maintenance"),
    h("div", { class: "row" }, check(t("maintenance.past"), { checked: past, onchange: (event) => { setQuery({ past: event.target.checked ? 1 : null }); reload(); } })),
    table(context, { caption: t("maintenance.title"), rows, sortable: true, none: empty(t("maintenance.none"), t("maintenance.none.text")), columns: [
      { title: t("outages.when"), head: true, cell: (row) => formats.span(row.from, row.to, zone(row)), sort: (row) => row.from },
      { title: t("evidence.about"), cell: (row) => [row.camera ? h("a", { href: `/cameras/${encodeURIComponent(row.camera)}` }, all.cameraName(row.camera)) : t("declare.whole"), h("span", { class: "muted small block" }, all.nameOf(row.institution))] },
      { title: t("holds.reason"), cell: (row) => row.reason },
      { title: t("evidence.state"), cell: (row) => [state(row), row.cancelled_by && h("span", { class: "muted small block" }, person(context, row.cancelled_by))] },
      { title: t("maintenance.by"), cell: (row) => [person(context, row.planned_by), h("span", { class: "muted small block" }, formats.time(row.planned_at, zone(row)))] },
      manage && { title: "", cell: (row) => (row.cancelled_at || Date.parse(row.to) <= now ? null : button(t("maintenance.cancel"), () => cancel(row), "small")) },
    ] }));
}

/** Announce work; the times are those of the institution's site. */
function plan(context, all) {
  const { t, api, reload } = context;
  const first = all.institutions[0]?.id;
  const cameras = (id) => [["", t("declare.whole")], ...all.cameras.filter((one) => one.institution === id && one.state !== "retired").map((one) => [one.id, one.name])];
  const camera = select(cameras(first), "", { name: "camera" });
  const begin = Math.ceil(Date.now() / HOUR_MS + 1) * HOUR_MS;
  const place = h("div", {});
  let asked;
  const draw = (id) => { asked = span(context, all.zoneOfInstitution(id), { from: begin, to: begin + 2 * HOUR_MS }); place.replaceChildren(asked.element); };
  draw(first);
  return ask(context, {
    title: t("maintenance.plan"), text: t("maintenance.plan.text"), submit: t("maintenance.plan.do"),
    fields: [h("div", { class: "fields" }, field(t("pick.institution"), select(all.institutions.map((one) => [one.id, one.name]), first, { name: "institution", onchange: (event) => { camera.replaceChildren(...cameras(event.target.value).map(([value, text]) => h("option", { value }, text))); draw(event.target.value); } })), field(t("declare.camera"), camera)),
      place, field(t("holds.reason"), { name: "reason", required: true, maxlength: 200 })],
    send: async (values) => {
      await api.post("maintenance", { institution: values.institution, ...(values.camera && { camera: values.camera }), reason: values.reason, ...asked.read(values) });
      toast(t("common.saved"));
      reload();
    },
  });
}
