/* What a judgement says: a shape, a word, then a colour for each result; and how many there are of each, never one score. */

import { h } from "./dom.js";

/** Worst first. What is not known stands beside what is passed, wherever results are counted. */
export const ORDER = ["fail", "unknown", "text_needed", "accruing", "waived", "pass", "not_applicable"];
/** Counted in words even where there are none of them, so that silence is not taken for a pass. */
const ALWAYS = new Set(["fail", "unknown", "text_needed", "pass"]);
export const BASES = ["law", "contract", "house", "reference"];

const SHAPES = {
  fail: "M5 1h6l4 4v6l-4 4H5l-4-4V5zm.4 3.300L4.300 5.400 6.900 8l-2.600 2.600 1.100 1.100L8 9.100l2.600 2.600 1.100-1.100L9.100 8l2.600-2.600-1.100-1.100L8 6.900z",
  unknown: "M8 .5 15.500 8 8 15.500.5 8zM7.200 11v1.600h1.600V11zM5.700 6.400h1.500c0-.6.300-.9.900-.9.500 0 .8.300.8.7 0 .5-.3.7-.8 1.100-.6.4-.9.9-.9 1.700v.700h1.500v-.400c0-.5.3-.7.8-1.100.6-.4 1-.9 1-1.800 0-1.300-1-2.200-2.500-2.200-1.400 0-2.300.9-2.300 2.200z",
  text_needed: "M3 1h7l3.500 3.500V15H3zm2 6v1.400h6.500V7zm0 3v1.400h4V10zM5 4v1.400h3.500V4z",
  accruing: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM7.200 4h1.600v3.700l2.700 1.600-.8 1.400-3.500-2.100z",
  waived: "M3 1h1.600v1H14l-2 3.500L14 9H4.600v6H3z",
  pass: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm-1 10L4 8l1.200-1.200L7 8.600l3.900-3.900L12.100 6z",
  not_applicable: "M2 7.200h12v1.600H2z",
};

/** The worst of some results. */
export const worst = (results) => ORDER.find((one) => results.includes(one)) ?? "not_applicable";
/** How many findings there are altogether. */
export const sum = (counts) => ORDER.reduce((all, one) => all + (counts[one] ?? 0), 0);
/** Several counts as one. */
export const together = (list) => Object.fromEntries(ORDER.map((one) => [one, list.reduce((all, counts) => all + (counts[one] ?? 0), 0)]));

/** A result: its shape and its word. `short`: the word that a narrow cell has room for. */
export const result = ({ t }, name, { short = false, count = null } = {}) => h("span", { class: `status r-${name}` },
  h("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, h("path", { d: SHAPES[name] ?? SHAPES.unknown, fill: "currentColor", "fill-rule": "evenodd" })),
  h("span", {}, count === null ? "" : h("b", {}, count, " "), short ? t(`result-short.${name}`) : t(`result.${name}`)));

/** All counts in words; the four that matter are named also where they are 0. */
export const countsList = (context, counts, { short = false } = {}) => h("ul", { class: "counts" },
  ORDER.filter((one) => ALWAYS.has(one) || counts[one]).map((one) => h("li", { class: counts[one] ? null : "none" }, result(context, one, { short, count: context.formats.number(counts[one] ?? 0) }))));

/** A bar of shares; what it shows is said in words by `countsList` beside it. */
export function shares(counts, { height = 12 } = {}) {
  const all = sum(counts);
  let x = 0;
  const parts = ORDER.filter((one) => counts[one]).map((one) => {
    const width = (1000 * counts[one]) / all;
    const part = h("rect", { x, y: 0, width: Math.max(0, width - (width > 8 ? 3 : 0)), height, class: `f-${one}` });
    x += width;
    return part;
  });
  return h("svg", { class: "shares", viewBox: `0 0 1000 ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, parts);
}

/** Shapes and their meaning, for who sees them for the first time. */
export const legend = (context) => h("details", { class: "legend" }, h("summary", {}, context.t("results.legend")),
  h("dl", {}, ORDER.map((one) => [h("dt", {}, result(context, one)), h("dd", {}, context.t(`result-means.${one}`))])));

/** A text of the service in the user's language: {en, ru, kk} or plain. */
export const inLanguage = ({ language }, text) => (text === null || text === undefined ? "" : typeof text === "string" ? text : text[language] || text.ru || text.en || text.kk || "");

/** How well the text of a rule book was seen. */
export const textSeen = ({ t }, status) => h("span", { class: `tag v-${status}` }, t(`text-status.${status}`));

/** How well a figure was seen: words and a shape, never left out. */
export const seen = ({ t }, verified) => h("span", { class: `tag v-${verified}` }, t(`verified.${verified}`));

/** What a scope is about: {camera}, {zone}, or the institution as a whole. */
export function scopeOf(scope) {
  const [kind, rest] = scope.split(/:(.*)/s);
  if (kind === "camera") return { camera: rest };
  const zone = /\/zone:(.+)$/.exec(rest ?? "")?.[1];
  return zone ? { zone } : { whole: kind };
}
