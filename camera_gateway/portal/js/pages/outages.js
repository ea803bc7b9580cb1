/* Outages: what failed and whose affair it was, how soon it was noticed, told, mended, and reported upward. */

import { h } from "../dom.js";
import { ask, button, check, empty, field, head, page as whole, status, table, toast } from "../parts.js";
import { institutionField } from "../pickers.js";
import { person, word } from "../words.js";
import { places } from "../places.js";
import { alertTabs } from "./alerts.js";

const DAYS = 31;
const DAY_MS = 86_400_000;
/** How long until each step, as a bar: begun, noticed, told, over. */
const STEPS = [["noticed", "detected_at"], ["told", "notified_at"], ["reported-after", "reported_at"], ["over", "end"]];

export async function page(context) {
  const { t, api, may, query, setQuery, reload, formats } = context;
  const institution = query.get("institution") ?? "";
  const open = query.get("open") === "1";
  const to = new Date();
  const [rows, all] = await Promise.all([api.all("outages", { institution, open: open || null, from: new Date(to - DAYS * DAY_MS).toISOString(), to: to.toISOString() }), places(api, { retired: true })]);
  rows.sort((a, b) => b.start.localeCompare(a.start));
  const zone = (row) => all.zoneOf({ site: row.site }) ?? all.zoneOfInstitution(row.institution);
  const since = (row, at) => (at ? formats.duration((Date.parse(at) - Date.parse(row.start)) / 1000) : "–");
  const report = (row) => ask(context, {
    title: t("outages.report"), text: t("outages.report.text"), submit: t("outages.report.do"),
    fields: [field(t("outages.to"), { name: "to", required: true, maxlength: 200 }, { hint: t("outages.to.hint") }), field(t("outages.at"), { type: "datetime-local", name: "at", required: true, value: formats.toLocal(Date.now(), zone(row)).slice(0, 16) })],
    send: async (values) => { await api.post(`outages/${row.number}/reported`, { to: values.to, at: formats.toUtc(values.at, zone(row)) }); toast(t("common.saved")); reload(); },
  });
  const names = (row) => (row.cameras.length > 4 ? t("pick.count", { count: row.cameras.length }) : row.cameras.map((id, i) => [i ? ", " : "", h("a", { href: `/cameras/${encodeURIComponent(id)}?day=${formats.toLocal(row.start, zone(row)).slice(0, 10)}` }, all.cameraName(id))]));
  return whole(
    head(t("outages.title"), { lead: t("outages.lead", { days: DAYS }) }), alertTabs(context, "/alerts/outages"),
    h("form", { class: "filters", onsubmit: (event) => event.preventDefault() },
      institutionField(context, all.institutions, institution, (id) => { setQuery({ institution: id }); reload(); }, { all: t("common.all") }),
      check(t("outages.only-open"), { checked: open, onchange: (event) => { setQuery({ open: event.target.checked ? 1 : null }); reload(); } })),
    table(context, { caption: t("outages.title"), rows, sortable: true, none: empty(t("outages.none"), t("outages.none.text")), columns: [
      { title: t("outages.what"), head: true, cell: (row) => [status(row.end ? "mute" : "bad", word(context, "outage", row.kind)), h("span", { class: "small block" }, word(context, "cause", row.cause))], sort: (row) => row.kind },
      { title: t("evidence.about"), cell: (row) => [names(row), h("span", { class: "muted small block" }, all.nameOf(row.institution))] },
      { title: t("outages.when"), cell: (row) => formats.span(row.start, row.end, zone(row)), sort: (row) => row.start },
      { title: t("outages.long"), number: true, cell: (row) => since(row, row.end ?? to.toISOString()), sort: (row) => Date.parse(row.end ?? to.toISOString()) - Date.parse(row.start) },
      { title: t("outages.steps"), cell: (row) => h("dl", { class: "steps-of small" }, STEPS.map(([name, at]) => [h("dt", {}, t(`outages.${name}`)), h("dd", {}, since(row, row[at]))])) },
      { title: t("outages.reported"), cell: (row) => (row.reported_at ? [status("good", row.reported_to), h("span", { class: "muted small block" }, formats.time(row.reported_at, zone(row)), ` · ${person(context, row.reported_by)}`)]
        : [status("mute", t("outages.not-reported")), may("incident.report") && h("div", {}, button(t("outages.report"), () => report(row), "small"))]) },
    ] }));
}
