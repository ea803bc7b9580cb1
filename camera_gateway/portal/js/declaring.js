/* What people add to judgements: waivers, facts that no machine can measure, registers of what was done, words on a gap. */

import { h } from "./dom.js";
import { ask, button, field, select, toast } from "./parts.js";
import { span } from "./pickers.js";
import { inLanguage } from "./results.js";

const NONE = "";
const camerasOf = (context, all, institution, scope) => [...(scope === "camera" ? [] : [[NONE, context.t("declare.whole")]]), ...(scope === "institution" ? [] : all.cameras).filter((one) => one.institution === institution && one.state !== "retired").map((one) => [one.id, one.name])];
const options = (pairs, chosen) => pairs.map(([value, text]) => h("option", { value, selected: value === chosen }, text));

/** The fields for an institution and one of its cameras, which follow each other. `narrow("camera")`: only one of the two fits. */
function where(context, all, about) {
  const { t } = context;
  let scope = null;
  const camera = select([], "", { name: "camera" });
  const draw = () => camera.replaceChildren(...options(camerasOf(context, all, institution.value, scope), about.camera));
  const institution = select(all.institutions.map((one) => [one.id, one.name]), about.institution ?? all.institutions[0]?.id, { name: "institution", onchange: () => draw() });
  draw();
  return { element: h("div", { class: "fields" }, field(t("pick.institution"), institution), field(t("declare.camera"), camera)), narrow: (wanted) => { scope = wanted; draw(); } };
}

/** The end of a day in the zone of an institution. */
const endOf = ({ formats }, all, institution, day) => (day ? formats.toUtc(`${day}T23:59:59`, all.zoneOfInstitution(institution)) : null);
const given = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== ""));

/** After the first of two people: what the second one opens to grant the same. */
function handOver(context, wanted) {
  const { t } = context;
  const address = `${location.origin}/registers?${new URLSearchParams({ tab: "waivers", grant: 1, ...wanted })}`;
  const copy = async () => { try { await navigator.clipboard.writeText(address); toast(t("common.copied")); } catch { /* it stands there to be copied by hand */ } };
  return ask(context, { title: t("waivers.asked"), text: t("waivers.asked.text"), submit: t("common.close"), only: true,
    fields: [field(t("waivers.address"), { readonly: true, value: address, onfocus: (event) => event.target.select() }), h("div", { class: "row" }, button(t("common.copy"), copy))] });
}

/** Grant a waiver; it is in force when a second person has granted the same. */
export async function grantWaiver(context, all, about = {}) {
  const { t, api } = context;
  const books = await api.all("standards");
  const rules = h("select", { name: "rule", required: true });
  const draw = async (id, chosen = rules.value) => {
    // until the clauses of the book are there, none of another one can be chosen
    rules.disabled = true;
    const book = await api.get(`standards/${encodeURIComponent(id)}`);
    rules.disabled = false;
    // a rule of an included rule book has a path, and is named by the finding alone
    if (chosen?.includes("/")) rules.replaceChildren(h("option", { value: chosen }, chosen));
    else rules.replaceChildren(...book.rules.map((rule) => h("option", { value: rule.id, selected: rule.id === chosen }, `${rule.clause} · ${inLanguage(context, rule.title)}`)));
  };
  const first = about.standard ?? books[0]?.id;
  await draw(first, about.rule);
  return ask(context, {
    title: t("waivers.grant"), text: t("waivers.grant.text"), submit: t("waivers.grant.do"),
    fields: [where(context, all, about).element,
      field(t("standards.one"), select(books.map((one) => [one.id, inLanguage(context, one.title)]), first, { name: "standard", onchange: (event) => draw(event.target.value) })),
      field(t("standards.clause"), rules), field(t("holds.reason"), h("textarea", { name: "reason", required: true, maxlength: 500, rows: 2 }, about.reason)),
      field(t("waivers.until"), { type: "date", name: "until", required: true, value: about.until ?? "", min: context.formats.toLocal(Date.now()).slice(0, 10) })],
    send: async ({ until, ...values }) => {
      try {
        await api.post("waivers", given({ ...values, until: endOf(context, all, values.institution, until) }));
        toast(t("waivers.granted"));
      } catch (problem) {
        // the first of two people has been heard
        if (problem.code !== "second-person") throw problem;
        handOver(context, given({ ...values, until }));
      }
      context.reload();
    },
  });
}

/** Declare what no machine can measure, with the paper that says so. */
export async function declareFact(context, all, about = {}) {
  const { t, api } = context;
  const kinds = await api.all("facts/kinds");
  const value = h("div", {});
  const places = where(context, all, about);
  const draw = (name) => {
    const kind = kinds.find((one) => one.fact === name) ?? {};
    const input = kind.type === "yes_no" ? select([["yes", t("common.yes")], ["no", t("common.no")]], "yes", { name: "value" })
      : kind.choices?.length ? select(kind.choices.map((one) => [one, one]), kind.choices[0], { name: "value" })
        : h("input", { name: "value", required: true, type: kind.type === "number" ? "number" : "text", step: "any", maxlength: 200 });
    value.replaceChildren(field(kind.unit ? `${t("facts.value")}, ${kind.unit}` : t("facts.value"), input, kind.type === "dates" ? { hint: t("facts.dates.hint") } : {}));
    places.narrow(kind.scope);
  };
  const first = kinds.some((one) => one.fact === about.fact) ? about.fact : kinds[0]?.fact;
  draw(first);
  return ask(context, {
    title: t("facts.declare"), text: t("facts.declare.text"), submit: t("common.save"),
    fields: [places.element,
      field(t("facts.fact"), select(kinds.map((one) => [one.fact, factName(context, one)]), first, { name: "fact", onchange: (event) => draw(event.target.value) })), value,
      field(t("facts.evidence"), h("textarea", { name: "evidence", required: true, maxlength: 500, rows: 2 }), { hint: t("facts.evidence.hint") }),
      field(t("facts.until"), { type: "date", name: "valid_until" }, { hint: t("facts.until.hint") })],
    send: async ({ valid_until, ...values }) => {
      await api.post("facts", given({ ...values, valid_until: endOf(context, all, values.institution, valid_until) }));
      toast(t("common.saved"));
      context.reload();
    },
  });
}

/** What a fact is called: by the service's words in the user's language. */
export const factName = (context, kind) => inLanguage(context, kind?.title) || kind?.fact || "";

/** Note that something of a register happened, or is due. */
export function noteProcess(context, all, about = {}) {
  const { t, api, formats } = context;
  const zone = all.zoneOfInstitution(about.institution ?? all.institutions[0]?.id);
  return ask(context, {
    title: t("processes.note"), text: t("processes.note.text"), submit: t("common.save"),
    fields: [where(context, all, about).element, field(t("processes.process"), { name: "process", required: true, maxlength: 100, value: about.process ?? "", spellcheck: "false" }, { hint: t("processes.process.hint") }),
      h("div", { class: "fields" }, field(t("processes.at"), { type: "datetime-local", name: "at", required: true, value: formats.toLocal(Date.now(), zone).slice(0, 16) }), field(t("processes.done-at"), { type: "datetime-local", name: "done" }, { hint: t("processes.done.hint") })),
      field(t("facts.evidence"), h("textarea", { name: "evidence", required: true, maxlength: 500, rows: 2 }))],
    send: async ({ at, done, ...values }) => {
      await api.post("processes", given({ ...values, at: formats.toUtc(at, zone), done: done && formats.toUtc(done, zone) }));
      toast(t("common.saved"));
      context.reload();
    },
  });
}

/** Say why a gap came about: the gap stays as it is. */
export function explainGap(context, camera, gap, zone) {
  const { t, api } = context;
  const asked = span(context, zone, gap);
  return ask(context, {
    title: t("gaps.explain"), text: t("gaps.explain.text"), submit: t("common.save"),
    fields: [asked.element, field(t("gaps.words"), h("textarea", { name: "words", required: true, maxlength: 500, rows: 3 }))],
    send: async (values) => {
      await api.post(`cameras/${encodeURIComponent(camera.id)}/gaps/explanations`, { ...asked.read(values), words: values.words });
      toast(t("common.saved"));
      context.reload();
    },
  });
}

