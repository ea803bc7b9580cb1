/* The rule books of this installation: of each its basis, its edition, and how well its text was seen. */

import { h } from "../dom.js";
import { empty, head, page as whole, table } from "../parts.js";
import { BASES, inLanguage, textSeen } from "../results.js";
import { editionOf } from "../judged.js";
import { word } from "../words.js";

export async function page(context) {
  const { t, api, formats } = context;
  const books = await api.all("standards");
  const years = (book) => (book.in_force_from || book.in_force_to ? [book.in_force_from, book.in_force_to].map((day) => (day ? formats.day(`${day}T12:00Z`, "UTC") : "…")).join(" – ") : "–");
  return whole(head(t("standards.title"), { trail: [t("compliance.title"), "/compliance"], lead: t("standards.lead") }),
    books.length ? BASES.map((basis) => {
      const rows = books.filter((one) => one.basis === basis);
      return rows.length ? h("section", { class: "stack" }, h("h2", { class: "basis" }, t(`basis.${basis}`), " ", h("span", { class: "muted small" }, t(`basis.${basis}.text`))), table(context, {
        caption: t(`basis.${basis}`), rows, columns: [
          { title: t("standards.one"), head: true, cell: (row) => h("a", { href: `/standards/${encodeURIComponent(row.id)}` }, inLanguage(context, row.title)) },
          { title: t("standards.edition.title"), cell: (row) => editionOf(context, row) },
          { title: t("standards.text"), cell: (row) => textSeen(context, row.text_status) },
          rows.some((row) => row.in_force_from || row.in_force_to) && { title: t("standards.force"), cell: years },
          { title: t("standards.rules"), number: true, cell: (row) => formats.number(row.rules) },
          { title: t("result.text_needed"), number: true, cell: (row) => formats.number(row.text_needed) },
          { title: t("standards.for"), cell: (row) => ((row.institutions ?? ["*"]).includes("*") ? t("standards.for-all") : formats.list(row.institutions.map((kind) => word(context, "kind", kind)))) },
        ],
      })) : null;
    }) : empty(t("compliance.no-standard"), t("compliance.no-standard.text")));
}
