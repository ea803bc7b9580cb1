/* How whole recordings are: a bar of a span, a calendar of days, a table of gaps. Colours are doubled by words. */

import { h } from "./dom.js";
import { button, status, table } from "./parts.js";
import { word } from "./words.js";

/** The share of the expected time that is recorded: null where nothing was expected. */
export const ratio = (coverage) => (coverage.expected_s > 0 ? coverage.recorded_s / coverage.expected_s : null);
const kindOf = (share) => (share === null ? "mute" : share >= 0.9995 ? "good" : share >= 0.95 ? "warn" : "bad");

/** A bar from–to: what is recorded, what is missing. The words say the same as the picture. */
export function coverageBar(context, coverage, zone) {
  const { t, formats } = context;
  const [from, to] = [Date.parse(coverage.from), Date.parse(coverage.to)];
  const share = ratio(coverage);
  const parts = coverage.gaps.map((gap) => {
    const [start, end] = [Math.max(from, Date.parse(gap.from)), Math.min(to, Date.parse(gap.to))];
    return h("rect", { x: (1000 * (start - from)) / (to - from), y: 0, width: Math.max(2, (1000 * (end - start)) / (to - from)), height: 20, class: gap.required ? "gap" : "rest" });
  });
  const text = share === null ? t("coverage.nothing-expected") : t("coverage.share", { share: formats.percent(share, 2) });
  return h("div", { class: "coverage-bar", title: `${formats.moment(coverage.from, zone)} – ${formats.moment(coverage.to, zone)}` },
    h("svg", { viewBox: "0 0 1000 20", preserveAspectRatio: "none", "aria-hidden": "true" }, h("rect", { x: 0, y: 0, width: 1000, height: 20, class: to > from ? "kept" : "rest" }), parts), status(kindOf(share), text));
}

/** The totals of a span, as the contract names them. */
export function totals({ t, formats }, coverage) {
  const rows = [["expected", coverage.expected_s], ["recorded", coverage.recorded_s], ["stored", coverage.stored_s], ["locked", coverage.locked_s]];
  return h("div", { class: "figures" }, rows.map(([name, seconds]) => h("div", { class: "figure" }, h("b", {}, formats.duration(seconds)),
    h("span", {}, t(`coverage.${name}`), name !== "expected" && coverage.expected_s > 0 ? ` · ${formats.percent(seconds / coverage.expected_s, 2)}` : ""))));
}

/**
 * The gaps of a span with their causes; what the schedule leaves out is not one. `link(at)`: where a moment is shown;
 * `said(gap)`: what people said of it; `explain(gap)`: somebody says something.
 */
export function gapTable(context, coverage, zone, { caption, none, link, said, explain } = {}) {
  const { t, formats } = context;
  const rows = coverage.gaps.filter((gap) => gap.required !== false);
  return table(context, {
    caption: caption ?? t("coverage.gaps"), rows, none: none ?? status("good", t("coverage.no-gaps")),
    columns: [
      { title: t("coverage.when"), head: true, cell: (gap) => (link ? h("a", { href: link(gap.from) }, formats.span(gap.from, gap.to, zone, { seconds: true })) : formats.span(gap.from, gap.to, zone, { seconds: true })) },
      { title: t("coverage.length"), number: true, cell: (gap) => formats.duration((Date.parse(gap.to) - Date.parse(gap.from)) / 1000) },
      { title: t("coverage.cause"), cell: (gap) => [word(context, "cause", gap.cause), gap.detail ? h("span", { class: "muted small" }, h("br"), gap.detail) : null, said?.(gap), explain && h("div", {}, button(t("gaps.explain"), () => explain(gap), "small quiet"))] },
    ],
  });
}

/**
 * A calendar of days: `days` are {day: "2026-11-22", expected_s, recorded_s}; a day is a button that `choose` gets.
 * Each cell says its share in figures; the fill below underlines it.
 */
export function calendar(context, days, { chosen, choose }) {
  const { t, formats } = context;
  const first = (new Date(`${days[0].day}T12:00Z`).getUTCDay() + 6) % 7;
  const cells = [...Array.from({ length: first }, () => null), ...days];
  while (cells.length % 7) cells.push(null);
  const weeks = Array.from({ length: cells.length / 7 }, (_, i) => cells.slice(7 * i, 7 * i + 7));
  const cell = (day) => {
    if (!day) return h("td", {});
    const share = ratio(day);
    const said = share === null ? (day.future ? "" : t("coverage.nothing-expected")) : t("coverage.share", { share: formats.percent(share, 2) });
    const number = Number(day.day.slice(8));
    return h("td", {}, h("button", {
      type: "button", class: `day ${day.future ? "future" : kindOf(share)}`, "aria-pressed": String(day.day === chosen), disabled: Boolean(day.future),
      onclick: () => choose(day.day), vars: { "--share": `${100 * (share ?? 0)}%` },
      "aria-label": `${formats.longDay(`${day.day}T12:00Z`, "UTC")}: ${said}`,
    }, h("span", { class: "date" }, number), h("span", { class: "value" }, share === null ? "–" : formats.percent(share, share > 0.99 && share < 1 ? 1 : 0)), h("i", {})));
  };
  return h("table", { class: "calendar" }, h("caption", { class: "sr" }, t("coverage.calendar")), h("thead", {}, h("tr", {}, formats.weekdays.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, weeks.map((week) => h("tr", {}, week.map(cell)))));
}

const DAY_MS = 86_400_000;

/** A day's beginning and end in a zone, as UTC. */
export function dayBounds({ formats }, day, zone) {
  return [day, new Date(Date.parse(`${day}T12:00Z`) + DAY_MS).toISOString().slice(0, 10)].map((one) => formats.toUtc(`${one}T00:00:00`, zone));
}

/** What each day of a month ("2026-11") was due and has, out of one answer of coverage. */
export async function daysOf(context, camera, month, zone, today) {
  const count = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate();
  const names = Array.from({ length: count }, (_, i) => `${month}-${String(i + 1).padStart(2, "0")}`);
  const bounds = (day) => dayBounds(context, day, zone);
  const found = await context.api.get(`cameras/${encodeURIComponent(camera.id)}/coverage`, { from: bounds(names[0])[0], to: bounds(names.at(-1))[1] });
  const [born, end] = [Math.max(Date.parse(found.from), Date.parse(camera.registered_at)), Date.parse(found.to)];
  const gaps = found.gaps.map((gap) => [Date.parse(gap.from), Date.parse(gap.to), gap.required !== false]);
  return names.map((day) => {
    const [from, to] = bounds(day).map((at) => Math.min(Math.max(Date.parse(at), born), end));
    const within = (required) => gaps.reduce((sum, gap) => sum + (gap[2] === required ? Math.max(0, Math.min(to, gap[1]) - Math.max(from, gap[0])) : 0), 0);
    const expected = Math.max(0, to - from - within(false));
    return { day, future: day > today, expected_s: expected / 1000, recorded_s: Math.max(0, expected - within(true)) / 1000 };
  });
}
