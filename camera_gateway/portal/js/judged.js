/* Findings as pages need them: gathered by clause, named by place, and the days that one about an archive tells of. */

import { h } from "./dom.js";
import { dayBy, dayStrip } from "./charts.js";
import { scopeOf } from "./results.js";
import { word } from "./words.js";

const SQUARES = 31;

/** Findings of one clause together, clauses in the standard's order. */
export function byRule(findings) {
  const rules = new Map();
  for (const finding of findings) rules.set(finding.rule, [...(rules.get(finding.rule) ?? []), finding]);
  return [...rules.values()];
}

/** What a finding is about, in words: a camera's name, a zone, the whole institution. */
export function placeOfScope(context, scope, all) {
  const { camera, zone, whole } = scopeOf(scope);
  if (camera) return all.cameraName(camera);
  return zone ? word(context, "zone", zone) : word(context, "scope", whole);
}

/** Whether a finding is about an archive's days, and tells of them. */
export const tellsDays = (finding) => finding.metric === "archive.complete_days" && Boolean(finding.data?.first_day);

/** The last days of an archive as squares, up to yesterday as the bucket was listed; what it tells not of was not due. */
export function stripOf(context, { data }, zone, link) {
  const last = dayBy(context.formats.toLocal(data.listed_at, zone).slice(0, 10), -1);
  const missing = new Set(data.incomplete);
  const days = Array.from({ length: SQUARES }, (_, i) => dayBy(last, i + 1 - SQUARES)).map((day) => ({ day, state: day < data.first_day ? "off" : missing.has(day) ? "missing" : "kept" }));
  return [dayStrip(context, days, { missing: data.incomplete, link }), data.goal_on && h("p", { class: "small muted" }, context.t("days.goal", { day: context.formats.day(`${data.goal_on}T12:00Z`, "UTC") }))];
}

const SIGNS = { ">=": "≥", "<=": "≤", "==": "=", "!=": "≠" };
const FIGURE = /^(>=|<=|==|!=)? ?([\d.]+(?:x[\d.]+)?)(?: ?(d|h|min|s|px\/m|1\/s|%|px))?$/;

/** What is asked or was measured, as people of the language write it; other words of the service are English, and say so. */
export function figure(context, text) {
  const { t, texts } = context;
  const found = FIGURE.exec(text ?? "");
  if (found) return [SIGNS[found[1]], found[2].replace("x", " × "), found[3] && (texts.has(`unit.${found[3]}`) ? t(`unit.${found[3]}`) : found[3])].filter(Boolean).join(" ");
  const zones = (text ?? "").split(", ").map((one) => /^([a-z_-]+)( \(each\))?$/.exec(one));
  if (zones.every((one) => one && texts.has(`zone.${one[1]}`))) return zones.map((one) => `${word(context, "zone", one[1])}${one[2] ? ` (${t("zones.each")})` : ""}`).join(", ");
  return !text || text === "–" ? "–" : h("span", { lang: "en" }, text);
}
