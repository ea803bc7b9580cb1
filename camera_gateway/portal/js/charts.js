/* Pictures of judgements: how a standard stands from day to day, which days are kept, which zones are seen. What a
   picture shows is also said in words or in a table beside it. */

import { h } from "./dom.js";
import { table } from "./parts.js";
import { ORDER, result, sum } from "./results.js";
import { word } from "./words.js";

const DAY_MS = 86_400_000;
/** The day after or before, "2026-11-29". */
export const dayBy = (day, days) => new Date(Date.parse(`${day}T12:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/**
 * Columns, one per day: `days` are {day, counts}, oldest first; `address(day)` leads to the judgement of that day.
 * A day without a judgement is an empty column, not a good one.
 */
export function trend(context, days, { first, last, address, chosen }) {
  const { t, formats } = context;
  const by = new Map(days.map((one) => [one.day, one.counts]));
  const most = Math.max(1, ...days.map((one) => sum(one.counts)));
  const names = [];
  for (let day = first; day <= last; day = dayBy(day, 1)) names.push(day);
  const said = (day, counts) => `${formats.day(`${day}T12:00Z`, "UTC")}: ${counts ? ORDER.filter((one) => counts[one]).map((one) => `${t(`result.${one}`)} ${counts[one]}`).join(", ") : t("trend.none")}`;
  const column = (day) => {
    const counts = by.get(day);
    if (!counts) return h("li", { class: "none", title: said(day) }, h("i", {}));
    return h("li", {}, h("a", { href: address(day), "aria-label": said(day, counts), title: said(day, counts), "aria-current": day === chosen ? "date" : null },
      ORDER.filter((one) => counts[one]).map((one) => h("i", { class: `b-${one}`, vars: { "--share": `${(100 * counts[one]) / most}%` } }))));
  };
  const used = ORDER.filter((one) => days.some((each) => each.counts[one]));
  return h("div", { class: "stack" },
    h("div", { class: "trend" }, h("ol", { "aria-label": t("trend.title") }, names.map(column)),
      h("p", { class: "trend-axis small muted", "aria-hidden": "true" }, h("span", {}, formats.day(`${first}T12:00Z`, "UTC")), h("span", {}, formats.day(`${last}T12:00Z`, "UTC")))),
    h("ul", { class: "counts" }, used.map((one) => h("li", {}, result(context, one)))),
    h("details", {}, h("summary", {}, t("trend.table")), table(context, { caption: t("trend.title"), rows: [...days].reverse(), columns: [
      { title: t("trend.day"), head: true, cell: (row) => h("a", { href: address(row.day) }, formats.day(`${row.day}T12:00Z`, "UTC")) },
      ...used.map((one) => ({ title: t(`result.${one}`), number: true, cell: (row) => formats.number(row.counts[one] ?? 0) })),
    ] })));
}

/** Squares, one per day: kept, missing, not due. `days` are {day, state}; the dates that are missing are said in words. */
export function dayStrip(context, days, { missing = days.filter((one) => one.state === "missing").map((one) => one.day), link }) {
  const { t, formats } = context;
  const due = days.filter((one) => one.state !== "off");
  const kept = due.filter((one) => one.state === "kept").length;
  const date = (day) => formats.day(`${day}T12:00Z`, "UTC");
  const text = t("days.kept-of", { kept, due: due.length });
  return h("div", { class: "day-strip-box" },
    h("div", { class: "day-strip", role: "img", "aria-label": missing.length ? `${text}. ${t("days.missing")}: ${missing.map(date).join(", ")}` : text },
      days.map((one) => h("span", { class: one.state, title: `${date(one.day)}: ${t(`days.${one.state}`)}` }, h("b", {}, Number(one.day.slice(8)))))),
    missing.length ? h("p", { class: "small" }, `${t("days.missing")}: `, missing.slice(0, 12).map((day, i) => [i ? ", " : "", link ? h("a", { href: link(day) }, date(day)) : date(day)]), missing.length > 12 && ` ${t("days.and-more", { count: missing.length - 12 })}`) : h("p", { class: "small muted" }, text));
}

/** Tiles, one per zone that a standard asks for: is there a camera that lives? */
export const zoneTiles = (context, findings) => h("ul", { class: "zone-tiles" }, findings.map(({ zone, finding, said }) => h("li", { class: `z-${finding.result}` },
  h("strong", {}, word(context, "zone", zone)), result(context, finding.result, { short: true }), h("span", { class: "muted small" }, said))));
