/* Findings as pages need them: gathered by clause, named by place, and the days that one about an archive tells of. */

import { h } from "./dom.js";
import { dayStrip } from "./charts.js";
import { scopeOf } from "./results.js";
import { word } from "./words.js";

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

/** The days of a finding about complete days, as squares; null where it tells of none. */
export function stripOf(context, finding, link) {
  const days = finding.data?.days;
  if (!days?.length) return h("p", { class: "small muted" }, finding.measured);
  return dayStrip(context, days, { link });
}
