/* One institution against one rule book on one day: what was found clause by clause, how the days before stood, which
   zones are seen, which days are kept, and what the installation itself lacks. */

import { h } from "../dom.js";
import { button, card, empty, field, head, link, note, page as whole, select, table } from "../parts.js";
import { countsList, inLanguage, legend, ORDER, result, scopeOf, seen, shares, together, worst } from "../results.js";
import { dayBy, trend, zoneTiles } from "../charts.js";
import { byRule, clauseName, editionOf, figure, judgedOf, placeOfScope, stripOf, tellsDays, TREND_DAYS } from "../judged.js";
import { places } from "../places.js";
import { chosenStandard } from "./compliance.js";
import { word } from "../words.js";

/** So many findings of one clause stand on this page; the clause's own page has all. */
const SOME = 6;
/** Codes of what an installation may lack. */
const LACKING = ["off-site: absent", "embedded store", "witness: NONE", "worm-unproven"];

export async function page(context) {
  const { t, api, may, params, query, setQuery, reload, formats } = context;
  const [institution, standards, all] = await Promise.all([api.get(`institutions/${encodeURIComponent(params.institution)}`), api.all("standards"), places(api, { retired: true })]);
  const zone = institution.sites[0]?.time_zone;
  const standard = chosenStandard(standards, query.get("standard"), (id) => forKind(standards.find((one) => one.id === id), institution.kind));
  const day = /^\d{4}-\d\d-\d\d$/.test(query.get("day") ?? "") ? query.get("day") : null;
  const now = query.get("now") === "1";
  const trail = [t("compliance.title"), `/compliance${standard ? `?standard=${encodeURIComponent(standard.id)}` : ""}`];
  if (!standard) return whole(head(institution.name, { trail }), empty(t("compliance.no-standard"), t("compliance.no-standard.text")));
  const { judged, days } = await judgedOf(context, institution.id, standard.id, { day, now, zone });
  const here = (more = {}) => `?${new URLSearchParams({ standard: standard.id, ...(day && { day }), ...(now && { now: 1 }), ...more })}`;
  const toRule = (finding, more) => `/compliance/${encodeURIComponent(institution.id)}/${encodeURIComponent(finding.rule)}${here(more)}`;
  const rules = byRule(judged.findings);
  const asked = query.get("result") ?? "";
  const shown = rules.filter((findings) => !asked || findings.some((one) => one.result === asked));
  const zones = judged.findings.filter((finding) => scopeOf(finding.scope).zone).map((finding) => ({ zone: scopeOf(finding.scope).zone, finding, said: figure(context, finding, "measured") }));
  const strips = judged.findings.filter((finding) => tellsDays(finding) && scopeOf(finding.scope).camera);
  return whole(
    head(`${institution.name} · ${t("nav.compliance")}`, { trail, lead: [word(context, "kind", institution.kind), institution.region].filter(Boolean).join(" · "),
      actions: [may("report.make") && link(`/reports?new=1&kind=compliance&institution=${encodeURIComponent(institution.id)}&standard=${encodeURIComponent(standard.id)}`, t("reports.make"), "main"), link(`/registers?institution=${encodeURIComponent(institution.id)}`, t("registers.title"))] }),
    h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
      field(t("standards.one"), select(standards.map((one) => [one.id, `${t(`basis.${one.basis}`)}: ${inLanguage(context, one.title)}`]), standard.id, { onchange: (event) => { setQuery({ standard: event.target.value }); reload(); } })),
      field(t("compliance.day"), { type: "date", value: day ?? "", max: formats.toLocal(Date.now(), zone).slice(0, 10), onchange: (event) => { setQuery({ day: event.target.value, now: null }); reload(); } })),
    h("section", { class: "card verdict" }, h("h2", {}, inLanguage(context, standard.title), h("span", { class: "muted small" }, t("standards.edition", { edition: editionOf(context, judged) }), " · ", t(`basis.${judged.basis}`))),
      shares(judged.counts, { height: 24 }), countsList(context, judged.counts),
      h("p", { class: "small muted" }, t("compliance.judged", { from: formats.moment(judged.from, zone), to: formats.moment(judged.to < judged.checked_at ? judged.to : judged.checked_at, zone), at: formats.moment(judged.checked_at, zone) }), " ", button(t("compliance.now"), (event) => { event.target.setAttribute("aria-busy", "true"); setQuery({ now: 1, day: null }); reload(); }, "small quiet"))),
    judged.installation?.length ? note("warn", t("compliance.installation"), null, h("ul", { class: "plain" }, judged.installation.map((one) => h("li", {}, lacking(context, one))))) : null,
    h("div", { class: "grid wide-first" },
      h("section", { class: "stack" }, h("div", { class: "row apart" }, h("h2", {}, t("compliance.findings")),
        field(t("compliance.with"), select([["", t("common.all")], ...ORDER.filter((one) => judged.counts[one]).map((one) => [one, t(`result.${one}`)])], asked, { onchange: (event) => { setQuery({ result: event.target.value }); reload(); } }))),
      shown.length ? h("ol", { class: "clauses" }, shown.map((findings) => clause(context, findings, all, toRule))) : empty(t("compliance.none-such"), t("compliance.none-such.text")),
      legend(context)),
      h("div", { class: "stack" },
        card(t("trend.title"), days.length ? trend(context, days, { first: dayBy(days.at(-1).day, 1 - Math.max(TREND_DAYS, days.length)), last: days.at(-1).day, address: (one) => `/compliance/${encodeURIComponent(institution.id)}?${new URLSearchParams({ standard: standard.id, day: one })}`, chosen: judged.day }) : h("p", { class: "muted" }, t("trend.empty"))),
        zones.length ? card(t("zones.title"), zoneTiles(context, zones)) : null,
        strips.length ? card(t("days.title"), h("p", { class: "small muted" }, t("days.text")), strips.map((finding) => h("div", { class: "strip" },
          h("div", { class: "row apart" }, h("a", { href: toRule(finding, { scope: finding.scope }) }, all.cameraName(scopeOf(finding.scope).camera)), result(context, finding.result, { short: true })), stripOf(context, finding, zone)))) : null)));
}

/** Whether a standard binds institutions of a kind. */
const forKind = (standard, kind) => standard.basis !== "reference" && !standard.optional && (standard.institutions.includes("*") || standard.institutions.includes(kind));

/** A finding of the installation: it begins with its code, for which there are words. */
function lacking(context, finding) {
  const code = LACKING.find((one) => finding.startsWith(one));
  return code ? word(context, "installation", code) : h("span", { lang: "en" }, finding);
}

/** A clause with its findings: the worst first. */
function clause(context, findings, all, toRule) {
  const { t } = context;
  const [first] = findings;
  const counts = together(findings.map((one) => ({ [one.result]: 1 })));
  const ordered = [...findings].sort((a, b) => ORDER.indexOf(a.result) - ORDER.indexOf(b.result));
  const name = worst(findings.map((one) => one.result));
  return h("li", { class: `clause-card k-${name}`, id: first.rule },
    h("div", { class: "row apart" }, result(context, name), h("span", { class: "row" }, h("span", { class: "clause" }, clauseName(context, first.clause)), seen(context, first.verified))),
    h("h3", {}, h("a", { href: toRule(first) }, inLanguage(context, first.title) || first.rule)),
    h("p", { class: "small" }, h("span", { class: "muted" }, `${t("finding.required")}: `), figure(context, first, "required")),
    findings.length > 1 ? [shares(counts), h("details", { open: name === "fail" }, h("summary", {}, t("compliance.scopes", { count: findings.length })), table(context, { caption: t("finding.scopes"), rows: ordered.slice(0, SOME), columns: [
      { title: t("finding.scope"), head: true, cell: (row) => h("a", { href: toRule(row, { scope: row.scope }) }, placeOfScope(context, row.scope, all)) },
      { title: t("finding.measured"), cell: (row) => figure(context, row, "measured") },
      { title: t("finding.result"), cell: (row) => result(context, row.result, { short: true }) },
    ] }), findings.length > SOME && h("p", {}, h("a", { href: toRule(first) }, t("compliance.all-scopes", { count: findings.length }))))]
      : h("p", { class: "small" }, h("span", { class: "muted" }, `${t("finding.measured")}: `), figure(context, first, "measured")));
}
