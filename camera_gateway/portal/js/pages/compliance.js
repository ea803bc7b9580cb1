/* Institutions against clauses: for each rule book by itself the worst result of each clause, with what is not known
   beside what is passed. What is chosen stands in the address. */

import { h } from "../dom.js";
import { empty, field, head, link, note, page as whole, select } from "../parts.js";
import { BASES, countsList, inLanguage, legend, ORDER, result, shares, sum, together } from "../results.js";
import { clauseName, editionOf } from "../judged.js";
import { word } from "../words.js";

/** With so few institutions the clauses are the rows, and have room for their titles. */
const FEW = 4;
/** An old computer draws so many at once; filters lead to the others. */
const MANY = 100;

/** The standard that is looked at: the one of the address, else the first of law that judges anybody. */
export function chosenStandard(standards, wanted, judged = () => true) {
  const ordered = BASES.flatMap((basis) => standards.filter((one) => one.basis === basis));
  return ordered.find((one) => one.id === wanted) ?? ordered.find((one) => judged(one.id)) ?? ordered[0];
}

export async function page(context) {
  const { t, api, may, query, setQuery, reload, formats } = context;
  const day = /^\d{4}-\d\d-\d\d$/.test(query.get("day") ?? "") ? query.get("day") : null;
  const found = await api.get("compliance", { day });
  const chosen = { region: query.get("region") ?? "", kind: query.get("kind") ?? "", result: query.get("result") ?? "" };
  const regions = [...new Set(found.institutions.map((one) => one.region).filter(Boolean))].sort(formats.compare);
  const kinds = [...new Set(found.institutions.map((one) => one.kind))];
  const of = (institution, standard) => institution.standards.find((one) => one.standard === standard);
  const counts = (standard, list) => together(list.map((one) => of(one, standard)?.counts ?? {}));
  const near = found.institutions.filter((one) => (!chosen.region || one.region === chosen.region) && (!chosen.kind || one.kind === chosen.kind));
  const standard = chosenStandard(found.standards, query.get("standard"), (id) => sum(counts(id, near)) > (counts(id, near).not_applicable ?? 0));
  const actions = [may("report.make") && link("/reports?new=1&kind=compliance", t("reports.make")), link("/standards", t("standards.title"), "quiet")];
  const judgedDay = day ?? found.institutions.flatMap((one) => one.standards.map((each) => each.day)).sort().at(-1) ?? found.day;
  const title = head(t("compliance.title"), { lead: t("compliance.lead", { day: formats.day(`${judgedDay}T12:00Z`, "UTC") }), actions });
  if (!found.institutions.length) return whole(title, empty(t("institutions.none"), t("compliance.no-institution")));
  if (!standard) return whole(title, empty(t("compliance.no-standard"), t("compliance.no-standard.text")));
  const judged = near.filter((one) => of(one, standard.id));
  const shown = judged.filter((one) => !chosen.result || (of(one, standard.id).counts[chosen.result] ?? 0) > 0).sort((a, b) => formats.compare(a.name, b.name));
  const choose = (name) => (event) => { setQuery({ [name]: event.target.value }); reload(); };
  const address = (id) => { const next = new URLSearchParams(query); next.set("standard", id); return `/compliance?${next}`; };
  return whole(title,
    h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
      field(t("compliance.day"), { type: "date", value: judgedDay, max: formats.toLocal(Date.now()).slice(0, 10), onchange: choose("day") }),
      regions.length > 1 && field(t("institutions.region"), select([["", t("common.all")], ...regions.map((one) => [one, one])], chosen.region, { onchange: choose("region") })),
      kinds.length > 1 && field(t("institutions.kind"), select([["", t("common.all")], ...kinds.map((one) => [one, word(context, "kind", one)])], chosen.kind, { onchange: choose("kind") })),
      field(t("compliance.with"), select([["", t("common.all")], ...ORDER.slice(0, 5).map((one) => [one, t(`result.${one}`)])], chosen.result, { onchange: choose("result") }))),
    h("div", { class: "bases" }, BASES.map((basis) => {
      const books = found.standards.filter((one) => one.basis === basis);
      return books.length ? h("section", { class: "stack", vars: { "--books": Math.min(3, books.length) } }, h("h2", { class: "basis" }, t(`basis.${basis}`), " ", h("span", { class: "muted small" }, t(`basis.${basis}.text`))),
        h("ul", { class: "books" }, books.map((book) => {
          const all = counts(book.id, near);
          const none = sum(all) === (all.not_applicable ?? 0);
          return h("li", {}, h("a", { class: "book", href: address(book.id), "aria-current": book.id === standard.id ? "true" : null },
            h("strong", {}, inLanguage(context, book.title)), h("span", { class: "muted small" }, t("standards.edition", { edition: editionOf(context, book) }), " · ", t(`text-status.${book.text_status}`)),
            none ? h("span", { class: "muted small" }, t("compliance.applies-to-none")) : [shares(all), countsList(context, all, { short: true })]));
        }))) : null;
    })),
    h("section", { class: "stack" },
      h("div", { class: "row apart" }, h("h2", { id: "matrix" }, inLanguage(context, standard.title)), h("a", { href: `/standards/${encodeURIComponent(standard.id)}` }, t("standards.read"))),
      standard.text_status !== "verbatim" && note("info", t(`text-status.${standard.text_status}`), t(`text-status.${standard.text_status}.text`)),
      shown.length ? [matrix(context, standard, shown.slice(0, MANY), judgedDay), shown.length > MANY && h("p", { class: "muted small" }, t("common.of", { count: MANY, total: shown.length }))] : empty(t("compliance.none-such"), t("compliance.none-such.text"), link("/compliance", t("compliance.all"))),
      legend(context)));
}

/** The matrix of one standard: never more than one basis in it. */
function matrix(context, standard, institutions, day) {
  const { t, formats } = context;
  const rows = institutions.map((one) => ({ ...one, judged: one.standards.find((each) => each.standard === standard.id) }));
  const search = (institution) => `?standard=${encodeURIComponent(standard.id)}&day=${institution.judged.day ?? day}`;
  const cell = (institution, rule) => {
    const found = institution.judged.rules.find((one) => one.rule === rule.rule);
    if (!found) return h("span", { class: "muted" }, "–");
    const all = sum(found.counts);
    const mine = found.counts[found.result] ?? 0;
    return h("a", { class: `cell c-${found.result}`, href: `/compliance/${encodeURIComponent(institution.id)}/${encodeURIComponent(rule.rule)}${search(institution)}` },
      result(context, found.result, { short: true }), all > 1 && h("span", { class: "small of" }, t("compliance.of", { count: formats.number(mine), all: formats.number(all) })));
  };
  const owner = (institution) => [h("a", { href: `/compliance/${encodeURIComponent(institution.id)}${search(institution)}` }, institution.name),
    h("span", { class: "muted small block" }, [word(context, "kind", institution.kind), institution.region].filter(Boolean).join(" · ")), shares(institution.judged.counts, { height: 40 }), countsList(context, institution.judged.counts, { short: true })];
  const clause = (rule) => [h("span", { class: "clause" }, clauseName(context, rule.clause)), h("span", { class: "title" }, inLanguage(context, rule.title))];
  const turned = institutions.length <= FEW;
  const [across, down] = turned ? [rows, standard.rules] : [standard.rules, rows];
  const label = (one) => (turned ? one.name : clauseName(context, one.clause));
  return h("div", { class: "table", tabindex: "0", role: "region", "aria-labelledby": "matrix" }, h("table", { class: `matrix ${turned ? "turned" : "wide"}`, role: "table" },
    h("caption", { class: "sr" }, t("compliance.caption", { standard: inLanguage(context, standard.title) })),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, h("th", { scope: "col", role: "columnheader" }, turned ? t("standards.clause") : t("institutions.name")),
      across.map((one) => h("th", { scope: "col", role: "columnheader" }, h("div", {}, turned ? owner(one) : clause(one)))))),
    h("tbody", { role: "rowgroup" }, down.map((one) => h("tr", { role: "row" }, h("th", { scope: "row", role: "rowheader" }, turned ? clause(one) : owner(one)),
      across.map((other) => h("td", { role: "cell", "data-label": label(other) }, turned ? cell(other, one) : cell(one, other))))))));
}
