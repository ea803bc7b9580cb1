/* Reports: made at once, kept signed, taken home as a page to sign, a table or data. */

import { fill, h } from "../dom.js";
import { card, empty, field, form, head, page as whole, button, select, table, toast } from "../parts.js";
import { LANGUAGES } from "../i18n.js";
import { inLanguage } from "../results.js";
import { person } from "../words.js";
import { places } from "../places.js";

/** What each kind is about. */
const KINDS = {
  "inspection-pack": { institution: true, month: true }, compliance: { institution: true, standard: true, month: true }, retention: { institution: true, month: true },
  "gap-register": { institution: true, month: true }, "coverage-certificate": { camera: true, day: true }, monthly: { region: true, month: true }, destruction: { institution: true, month: true }, "access-register": { institution: true, month: true },
};
const FORMATS = ["pdf", "xlsx", "csv", "json"];

/** Who made it: the name and post that the report itself is signed with. */
const signed = (context, maker) => (/^(.+) \([a-z]+:.+\)$/.exec(maker)?.[1] ?? person(context, maker));

export async function page(context) {
  const { t, api, may, query, setQuery, formats, language } = context;
  const place = h("div", {});
  const [reports, all, books] = await Promise.all([api.all("reports", {}, 500), places(api, { retired: true }), api.all("standards")]);
  const chosen = { language };
  const list = h("div", {});
  const file = (row, format) => h("a", { href: api.url(`reports/${encodeURIComponent(row.id)}.${format}`, { lang: chosen.language }), download: `${row.id}-${chosen.language}.${format}`, class: format === "pdf" ? "button small main" : "button small", "aria-label": t("reports.get", { format: format.toUpperCase(), report: row.id }) }, format.toUpperCase());
  const about = (row) => (row.camera ? [h("a", { href: `/cameras/${encodeURIComponent(row.camera)}` }, all.cameraName(row.camera)), h("span", { class: "muted small block" }, all.nameOf(row.institution))] : row.institution ? h("a", { href: `/compliance/${encodeURIComponent(row.institution)}` }, all.nameOf(row.institution)) : row.region || t("reports.everything"));
  const draw = () => fill(list, table(context, { caption: t("reports.title"), rows: reports, sortable: true, none: empty(t("reports.none"), t("reports.none.text")), columns: [
    { title: t("reports.kind"), head: true, cell: (row) => [t(`report.${row.kind}`), row.standard && h("span", { class: "muted small block" }, inLanguage(context, books.find((one) => one.id === row.standard)?.title) || row.standard)], sort: (row) => row.kind },
    { title: t("evidence.about"), cell: about },
    { title: t("reports.period"), cell: (row) => formats.span(row.from, row.to, all.zoneOfInstitution(row.institution)), sort: (row) => row.from },
    { title: t("reports.made"), cell: (row) => [formats.time(row.made_at), h("span", { class: "muted small block" }, signed(context, row.made_by))], sort: (row) => row.made_at },
    { title: t("reports.files"), cell: (row) => h("div", { class: "row files" }, FORMATS.map((format) => file(row, format))) },
  ] }));
  draw();

  function making() {
    const kind = query.get("kind") in KINDS ? query.get("kind") : "inspection-pack";
    const parts = h("div", { class: "fields whole" });
    const first = query.get("institution") || all.institutions[0]?.id;
    const regions = [...new Set(all.institutions.map((one) => one.region).filter(Boolean))].sort(formats.compare);
    const month = formats.toLocal(Date.now(), all.zoneOfInstitution(first)).slice(0, 7);
    const drawParts = (name) => {
      const wants = KINDS[name];
      const yesterday = Date.now() - 86_400_000;
      fill(parts, wants.institution && field(t("pick.institution"), select(all.institutions.map((one) => [one.id, one.name]), first, { name: "institution" })),
        wants.camera && field(t("camera.name"), select(all.cameras.map((one) => [one.id, `${one.name} · ${all.nameOf(one.institution)}`]), query.get("camera") ?? all.cameras[0]?.id, { name: "camera" })),
        wants.region && field(t("institutions.region"), select([["", t("common.all")], ...regions.map((one) => [one, one])], "", { name: "region" })),
        wants.standard && field(t("standards.one"), select([["", t("reports.every-standard")], ...books.map((one) => [one.id, inLanguage(context, one.title)])], query.get("standard") ?? "", { name: "standard" })),
        wants.month && field(t("reports.month"), { type: "month", name: "month", required: true, value: month, max: month, pattern: "\\d{4}-\\d{2}" }, { hint: t("reports.month.hint") }),
        wants.day && field(t("trend.day"), { type: "date", name: "day", required: true, value: formats.toLocal(yesterday, all.zoneOfInstitution(first)).slice(0, 10) }));
      fill(told, t(`report.${name}.text`));
    };
    const told = h("p", { class: "muted whole" });
    const element = form(context, {
      submit: t("reports.make"), cancel: () => { setQuery({ new: null, kind: null }); fill(place); },
      async send(values) {
        const made = await api.post("reports", Object.fromEntries(Object.entries(values).filter(([, value]) => value)));
        toast(t("reports.is-made"));
        reports.unshift(made);
        draw();
        list.querySelector("a.main")?.focus();
      },
    }, h("div", { class: "fields" }, field(t("reports.kind"), select(Object.keys(KINDS).map((one) => [one, t(`report.${one}`)]), kind, { name: "kind", onchange: (event) => drawParts(event.target.value) }), { whole: true }), told, parts));
    drawParts(kind);
    fill(place, card(t("reports.make"), element));
  }
  if (query.get("new") && may("report.make")) making();
  return whole(head(t("reports.title"), { lead: t("reports.lead"), actions: [may("report.make") && button(t("reports.make"), making, "main")] }), place,
    h("div", { class: "filters" }, field(t("reports.language"), select(Object.entries(LANGUAGES), language, { onchange: (event) => { chosen.language = event.target.value; draw(); } }))), list);
}
