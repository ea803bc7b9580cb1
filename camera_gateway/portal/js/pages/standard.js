/* One rule book: its clauses with their figures, and of each how well it was seen. A clause without a figure says so. */

import { h } from "../dom.js";
import { facts, field, head, link, page as whole, select, table } from "../parts.js";
import { inLanguage, result, seen, textSeen } from "../results.js";
import { clauseName, editionOf, figure, spoken } from "../judged.js";
import { word } from "../words.js";

export async function page(context) {
  const { t, api, params, query, setQuery, reload, formats, hash } = context;
  const on = /^\d{4}-\d\d-\d\d$/.test(query.get("on") ?? "") ? query.get("on") : null;
  const book = await api.get(`standards/${encodeURIComponent(params.standard)}`, { on });
  const day = (value) => (value ? formats.day(`${value}T12:00Z`, "UTC") : null);
  const rows = book.rules;
  const drawn = whole(
    head(inLanguage(context, book.title), { trail: [t("standards.title"), "/standards"], lead: t(`basis.${book.basis}.text`), actions: [link(`/compliance?standard=${encodeURIComponent(book.id)}`, t("standards.judged"))] }),
    h("section", { class: "card" }, facts(
      [t("standards.basis"), t(`basis.${book.basis}`)],
      [t("standards.edition.title"), editionOf(context, book)],
      [t("standards.text"), textSeen(context, book.text_status)],
      [t("standards.authority"), book.authority ? spoken(context, book, "authority") : null],
      [t("standards.number"), [book.number, day(book.date)].filter(Boolean).join(" · ") || null],
      [t("standards.address"), book.url ? h("code", {}, book.url) : null],
      [t("standards.force"), book.in_force_from || book.in_force_to ? [day(book.in_force_from) ?? "…", " – ", day(book.in_force_to) ?? "…"] : null],
      [t("standards.for"), book.institutions.includes("*") ? t("standards.for-all") : formats.list(book.institutions.map((kind) => word(context, "kind", kind)))]),
    book.editions?.length > 1 && field(t("standards.editions"), select(book.editions.map((one) => [one.in_force_from ?? "", [editionOf(context, one), one.in_force_from && day(one.in_force_from)].filter(Boolean).join(" · ")]), on ?? "", { onchange: (event) => { setQuery({ on: event.target.value }); reload(); } }))),
    table(context, { caption: t("standards.clauses"), hidden: false, rows, columns: [
      { title: t("standards.clause"), head: true, cell: (row) => h("span", { id: row.id, class: "clause" }, clauseName(context, row.clause)) },
      { title: t("standards.asks"), cell: (row) => [inLanguage(context, row.title), row.note && h("span", { class: "muted small block" }, spoken(context, row, "note"))] },
      { title: t("standards.figure"), cell: (row) => (row.text_needed ? result(context, "text_needed") : figure(context, row, "required")) },
      { title: t("finding.verified"), cell: (row) => seen(context, row.verified) },
      { title: t("standards.kind"), cell: (row) => word(context, "rule-kind", row.kind) },
      { title: t("finding.severity"), cell: (row) => (row.severity ? word(context, "severity", row.severity) : "–") },
    ] }));
  // a link to a clause leads to its row, which is there only now
  if (hash) setTimeout(() => document.getElementById(decodeURIComponent(hash.slice(1)))?.closest("tr")?.scrollIntoView({ block: "center" }));
  return drawn;
}
