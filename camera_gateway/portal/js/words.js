/* Words for closed lists of the service: states, causes, zones, roles. What has no word is shown as it is. */

import { h } from "./dom.js";
import { status } from "./parts.js";

const STATES = { recording: "good", connecting: "warn", down: "bad", paused: "mute", off: "mute", retired: "mute" };
export const ZONES = ["perimeter", "yard", "playground", "entrance", "entrance_emergency", "lobby", "cloakroom", "corridor", "stairs", "hall", "gym", "classroom", "playroom", "dining", "kitchen", "bedroom", "medical", "office", "common_room", "toilet", "shower", "other"];
export const KINDS = ["kindergarten", "school", "boarding_school", "childrens_home", "baby_home", "social_centre", "medical", "other"];
export const ROLES = ["viewer", "it", "auditor", "administrator"];
/** Zones in which recorded footage takes two people. */
export const RESTRICTED = new Set(["bedroom", "medical", "toilet", "shower"]);

/** A word of a closed list: `zone.bedroom`, else the name itself. */
export const word = ({ t, texts }, list, name) => (name === null || name === undefined || name === "" ? "–" : texts.has(`${list}.${name}`) ? t(`${list}.${name}`) : String(name));

/** What a camera does: shape, word and, where it does not record, the cause. */
export function cameraState(context, camera, { cause = true } = {}) {
  const kind = camera.state === "connecting" && camera.cause ? "bad" : STATES[camera.state] ?? "mute";
  const name = camera.state === "connecting" && camera.cause ? "down" : camera.state;
  const shown = status(kind, word(context, "state", name));
  if (!cause || !camera.cause || camera.state === "paused" || camera.state === "off") return shown;
  return h("span", {}, shown, h("span", { class: "muted small" }, h("br"), word(context, "cause", camera.cause)));
}
export const isWrong = (camera) => camera.state === "down" || (camera.state === "connecting" && Boolean(camera.cause));

/** A camera's link: its name, and where it is. */
export const cameraLink = (camera) => h("a", { href: `/cameras/${camera.id}` }, camera.name);

export const zoneWord = (context, zone) => word(context, "zone", zone);

/** Who did something, without the kind of proof that they gave: "session:alia" is alia. */
export const person = ({ t }, actor) => (actor ? (actor === "system:gateway" ? t("actor.system") : actor.startsWith("shell:") ? t("actor.shell", { name: actor.slice(6) }) : actor.replace(/^(token|session):/, "")) : "–");

/** Why footage is on hold: people's own words, or ours where the service placed it. */
export function holdReason({ t }, reason) {
  const body = /^request for footage by (.+)$/.exec(reason)?.[1];
  return body ? t("holds.reason.request", { body }) : reason === "incident" ? t("holds.reason.incident") : reason;
}

/** The name of a rule: an own one as it is called, the settings as such. */
export const ruleName = ({ t }, rule) => (rule.startsWith("settings(") ? t("retention.settings") : rule);

/** Reasons of a retention decision, as retention/decide.py writes them: [pattern, key, names of its parts]. */
const REASONS = [
  [/^held by (hold-\d+), case (.+)$/, "held-case", ["hold", "case"]],
  [/^held by (hold-\d+)$/, "held", ["hold"]],
  [/^kept until (\S+) by (.+)$/, "kept", ["at", "rule"]],
  [/^locked until (\S+)$/, "locked", ["at"]],
  [/^locked until (\S+) only; the rules ask for (\S+)$/, "locked-short", ["at", "then"]],
  [/^was to be kept until (\S+) by (.+)$/, "was-kept", ["at", "rule"]],
  [/^should have been gone by (\S+)$/, "late", ["at"]],
  [/^rules (\S+) contradict each other/, "contradict", ["rule"]],
  [/^its ceiling (\S+) is earlier/, "ceiling", ["at"]],
];

/** A reason in the user's language and the site's zone; one that is not known stays as it is. */
export function reasonWords(context, reason, zone) {
  const { t, formats } = context;
  for (const [pattern, key, names] of REASONS) {
    const found = pattern.exec(reason);
    if (!found) continue;
    const values = Object.fromEntries(names.map((name, i) => [name, found[i + 1]]));
    for (const name of ["at", "then"]) if (values[name]) values[name] = formats.moment(values[name], zone);
    if (values.rule) values.rule = ruleName(context, values.rule);
    return t(`reason.${key}`, values);
  }
  return h("span", { lang: "en" }, reason);
}
