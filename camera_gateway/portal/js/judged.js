/* Findings as pages need them: gathered by clause, named by place, and the days that one about an archive tells of. */

import { h } from "./dom.js";
import { dayBy, dayStrip } from "./charts.js";
import { dayBounds } from "./coverage.js";
import { scopeOf } from "./results.js";
import { word } from "./words.js";

const SQUARES = 31;
export const TREND_DAYS = 31;

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
const FIGURE = /^(>=|<=|==|!=)? ?([\d.]+(?:x[\d.]+)?)(?: ?(d|h|min|s|y|px\/m|1\/s|%|px))?$/;
const ZONE = /^(not |no camera in )?([a-z_-]+)( \(each\))?$/;
/** Metrics that are shares: 0.99 is written as 99 %. */
const SHARES = new Set(["archive.recorded_ratio", "archive.integrity_ratio", "camera.uptime"]);

/** A text of a finding or a rule in the user's language, as reports print it; what nobody translated is English, and says so. */
export function spoken({ language }, row, name) {
  if (language === "en") return row[name] || "–";
  return row.said?.[language]?.[name] ?? (row[name] ? h("span", { lang: "en" }, row[name]) : "–");
}

/** The edition of a standard in the user's language; as its file has it where nobody translated it. */
export const editionOf = ({ language }, standard) => standard.said?.[language]?.edition ?? standard.edition;

/** What is asked (`name` "required") or was measured ("measured"), as people of the language write it. */
export function figure(context, row, name) {
  const { [name]: text, metric } = row;
  const { t, texts, formats } = context;
  if (!text || text === "–") return "–";
  const found = FIGURE.exec(text);
  if (found && SHARES.has(metric)) return [SIGNS[found[1]], formats.percent(Number(found[2]), 2)].filter(Boolean).join(" ");
  if (found) return [SIGNS[found[1]], found[2].replace("x", " × "), found[3] && (texts.has(`unit.${found[3]}`) ? t(`unit.${found[3]}`) : found[3])].filter(Boolean).join(" ");
  const zones = text.split(", ").map((one) => ZONE.exec(one));
  if (zones.every((one) => one && texts.has(`zone.${one[2]}`))) {
    return zones.map(([, not, zone, each]) => { const name = word(context, "zone", zone); return not ? t("zones.not", { zone: name }) : each ? `${name} (${t("zones.each")})` : name; }).join(", ");
  }
  const yes = /^==? ?(yes|no)$/.exec(text)?.[1];
  if (yes) return t(yes === "yes" ? "common.yes" : "common.no");
  const open = /^(>=|<=|==|!=|in|not_in) \?$/.exec(text)?.[1];
  if (open) return `${SIGNS[open] ?? ""} ?`.trim();
  const living = /^(?:([a-z_-]+): )?(\d+)(?: of (\d+))? living$/.exec(text);
  if (living) return [living[1] && `${word(context, "zone", living[1])}: `, living[3] === undefined ? t("zones.living", { count: Number(living[2]) }) : t("zones.living-of", { living: living[2], all: living[3] })].filter(Boolean).join("");
  return spoken(context, row, name);
}

/** A clause as it is cited in the language. */
export function clauseName({ t, language }, clause) {
  if (clause === "house") return t("basis.house");
  if (clause === "annex") return t("standards.annex");
  if (clause === "annex, clause unknown") return t("standards.annex.unknown");
  const point = /^p\.\s*(.+)$/.exec(clause)?.[1];
  return !point || language === "en" ? clause : language === "kk" ? `${point}-т.` : `п. ${point}`;
}

/**
 * An institution by a standard: {judged, days}, as it was judged on a day or last; what was never judged is judged now,
 * and with `now` anew.
 * `days` is how it stood on the days before.
 */
export async function judgedOf(context, institution, standard, { day, now, zone }) {
  const { api, formats } = context;
  const path = `compliance/${encodeURIComponent(institution)}`;
  const today = formats.toLocal(Date.now(), zone).slice(0, 10);
  const back = day ? Math.round((Date.parse(today) - Date.parse(day)) / 86_400_000) : 0;
  const days = await api.get(`${path}/trend`, { standard, days: Math.min(400, Math.max(TREND_DAYS, back + 1)) });
  const kept = day ? days.some((one) => one.day === day) : days.length > 0;
  if (kept && !now) return { judged: await api.get(path, { standard, day }), days };
  const [from, to] = dayBounds(context, day ?? today, zone);
  return { judged: { day: day ?? today, ...(await api.post("compliance/checks", { institution, standard, from, to })) }, days };
}
