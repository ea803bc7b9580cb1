/* What people add to judgements, as registers: waivers, declared facts, what was done and is due. */

import { h } from "../dom.js";
import { ask, button, check, empty, field, head, page as whole, status, table, tabs, toast } from "../parts.js";
import { declareFact, factName, grantWaiver, noteProcess } from "../declaring.js";
import { inLanguage } from "../results.js";
import { institutionField } from "../pickers.js";
import { person, word } from "../words.js";
import { places } from "../places.js";

const SOON_MS = 30 * 86_400_000;
const REGISTERS = { waivers, facts, processes };
const TITLES = { waivers: "waivers.title", facts: "facts.title", processes: "processes.title" };
const LEADS = { waivers: "waivers.lead", facts: "facts.lead", processes: "processes.lead" };

export async function page(context) {
  const { t, api, may, query, setQuery, reload } = context;
  const offered = Object.keys(REGISTERS).filter((one) => one !== "waivers" || may("compliance.see"));
  const name = offered.includes(query.get("tab")) ? query.get("tab") : offered[0];
  const institution = query.get("institution") ?? "";
  const ended = query.get("ended") === "1";
  const all = await places(api, { retired: true });
  const address = (tab) => `/registers?${new URLSearchParams({ tab, ...(institution && { institution }) })}`;
  const shown = await REGISTERS[name](context, all, { institution: institution || null, ended });
  // the second of two people comes by the address that the first one was given
  if (query.get("grant") && may("waiver.grant")) {
    const about = Object.fromEntries(["institution", "camera", "standard", "rule", "reason", "until"].map((one) => [one, query.get(one) ?? undefined]));
    setQuery({ grant: null, camera: null, standard: null, rule: null, reason: null, until: null });
    setTimeout(() => grantWaiver(context, all, about));
  }
  return whole(
    head(t(TITLES[name]), { trail: may("compliance.see") && [t("compliance.title"), "/compliance"], lead: t(LEADS[name]), actions: [shown.add] }),
    tabs(t("registers.title"), offered.map((one) => [address(one), t(TITLES[one])]), address(name)),
    h("form", { class: "filters", onsubmit: (event) => event.preventDefault() },
      institutionField(context, all.institutions, institution, (id) => { setQuery({ institution: id }); reload(); }, { all: t("common.all") }),
      check(t("registers.ended"), { checked: ended, onchange: (event) => { setQuery({ ended: event.target.checked ? 1 : null }); reload(); } })),
    shown.table);
}

const ending = (context, row, until, ended) => {
  const { t, formats } = context;
  if (row.withdrawn_at) return [status("mute", t("registers.withdrawn")), h("span", { class: "muted small block" }, formats.time(row.withdrawn_at), row.withdrawn_by && ` · ${person(context, row.withdrawn_by)}`)];
  if (!until) return status("good", t("registers.no-end"));
  const left = Date.parse(until) - Date.now();
  return left < 0 ? status("bad", ended) : [status(left < SOON_MS ? "warn" : "good", left < SOON_MS ? t("registers.ends-soon") : t("registers.in-force"))];
};
const place = (context, all, row) => [row.camera ? h("a", { href: `/cameras/${encodeURIComponent(row.camera)}` }, all.cameraName(row.camera)) : context.t("declare.whole"), h("span", { class: "muted small block" }, all.nameOf(row.institution))];

function withdrawing(context, path, title, text) {
  const { t, api, reload } = context;
  return ask(context, { title, text, submit: t("registers.withdraw"), danger: true, send: async () => { await api.delete(path); toast(t("registers.withdrawn")); reload(); } });
}

async function waivers(context, all, { institution, ended }) {
  const { t, api, may, formats } = context;
  const [rows, books] = await Promise.all([api.all("waivers", { institution, withdrawn: ended || null }), api.all("standards")]);
  const grant = may("waiver.grant");
  const shown = rows.filter((row) => ended || (!row.withdrawn_at && Date.parse(row.until) > Date.now()));
  const add = grant && button(t("waivers.grant"), () => grantWaiver(context, all, { institution }), "main");
  return { add, table: table(context, { caption: t("waivers.title"), rows: shown, sortable: true, none: empty(t("waivers.none"), t("waivers.none.text")), columns: [
    { title: "№", head: true, cell: (row) => row.number, sort: (row) => row.number },
    { title: t("standards.clause"), cell: (row) => [h("a", { href: `/standards/${encodeURIComponent(row.standard)}#${encodeURIComponent(row.rule)}` }, row.rule), h("span", { class: "muted small block" }, inLanguage(context, books.find((one) => one.id === row.standard)?.title) || row.standard)], sort: (row) => row.rule },
    { title: t("evidence.about"), cell: (row) => place(context, all, row) },
    { title: t("holds.reason"), cell: (row) => row.reason },
    { title: t("waivers.until"), cell: (row) => formats.time(row.until, all.zoneOfInstitution(row.institution), { only: "day" }), sort: (row) => row.until },
    { title: t("waivers.by"), cell: (row) => [[row.waived_by, row.approved_by].filter(Boolean).map((one) => person(context, one)).join(", "), h("span", { class: "muted small block" }, formats.time(row.waived_at))] },
    { title: t("evidence.state"), cell: (row) => ending(context, row, row.until, t("registers.over")) },
    may("register.keep") && { title: "", cell: (row) => (row.withdrawn_at ? null : button(t("registers.withdraw"), () => withdrawing(context, `waivers/${row.number}`, t("waivers.withdraw", { number: row.number }), t("waivers.withdraw.text")), "small")) },
  ] }) };
}

async function facts(context, all, { institution, ended }) {
  const { t, api, may, formats } = context;
  const [rows, kinds] = await Promise.all([api.all("facts", { institution, withdrawn: ended || null }), api.all("facts/kinds")]);
  const declare = may("fact.declare");
  const kind = (name) => kinds.find((one) => one.fact === name);
  const said = (row) => (kind(row.fact)?.type === "yes_no" ? t(/^(yes|true)$/i.test(row.value) ? "common.yes" : "common.no") : [String(row.value), kind(row.fact)?.unit].filter(Boolean).join(" "));
  const shown = rows.filter((row) => ended || !row.withdrawn_at);
  const add = declare && button(t("facts.declare"), () => declareFact(context, all, { institution }), "main");
  return { add, table: table(context, { caption: t("facts.title"), rows: shown, sortable: true, none: empty(t("facts.none"), t("facts.none.text")), columns: [
    { title: t("facts.fact"), head: true, cell: (row) => factName(context, kind(row.fact) ?? row), sort: (row) => row.fact },
    { title: t("facts.value"), cell: said },
    { title: t("evidence.about"), cell: (row) => place(context, all, row) },
    { title: t("facts.evidence"), cell: (row) => row.evidence },
    { title: t("facts.until"), cell: (row) => (row.valid_until ? formats.time(row.valid_until, all.zoneOfInstitution(row.institution), { only: "day" }) : "–"), sort: (row) => row.valid_until ?? "9" },
    { title: t("facts.by"), cell: (row) => [person(context, row.declared_by), h("span", { class: "muted small block" }, formats.time(row.declared_at))] },
    { title: t("evidence.state"), cell: (row) => ending(context, row, row.valid_until, t("facts.expired")) },
    declare && { title: "", cell: (row) => (row.withdrawn_at ? null : button(t("registers.withdraw"), () => withdrawing(context, `facts/${row.number}`, t("facts.withdraw"), t("facts.withdraw.text")), "small")) },
  ] }) };
}

async function processes(context, all, { institution, ended }) {
  const { t, api, may, formats, reload } = context;
  const rows = await api.all("processes", { institution });
  const note = may("register.keep");
  const shown = rows.filter((row) => ended || !row.done_at || Date.parse(row.done_at) > Date.now() - 3 * SOON_MS).sort((a, b) => b.at.localeCompare(a.at));
  const done = (row) => ask(context, {
    title: t("processes.done"), text: word(context, "process", row.process), submit: t("processes.done"),
    fields: [field(t("processes.done-at"), { type: "datetime-local", name: "done", required: true, value: formats.toLocal(Date.now(), all.zoneOfInstitution(row.institution)).slice(0, 16) }), field(t("facts.evidence"), h("textarea", { name: "evidence", required: true, maxlength: 500, rows: 2 }))],
    send: async (values) => { await api.post(`processes/${row.number}/done`, { done: formats.toUtc(values.done, all.zoneOfInstitution(row.institution)), evidence: values.evidence }); toast(t("common.saved")); reload(); },
  });
  const add = note && button(t("processes.note"), () => noteProcess(context, all, { institution }), "main");
  return { add, table: table(context, { caption: t("processes.title"), rows: shown, sortable: true, none: empty(t("processes.none"), t("processes.none.text")), columns: [
    { title: t("processes.process"), head: true, cell: (row) => word(context, "process", row.process), sort: (row) => row.process },
    { title: t("evidence.about"), cell: (row) => place(context, all, row) },
    { title: t("processes.at"), cell: (row) => formats.time(row.at, all.zoneOfInstitution(row.institution)), sort: (row) => row.at },
    { title: t("evidence.state"), cell: (row) => (row.done_at ? [status("good", t("processes.is-done")), h("span", { class: "muted small block" }, formats.time(row.done_at), row.done_by && ` · ${person(context, row.done_by)}`)] : status("warn", t("processes.open"))) },
    { title: t("facts.evidence"), cell: (row) => row.evidence },
    { title: t("facts.by"), cell: (row) => person(context, row.noted_by) },
    note && { title: "", cell: (row) => (row.done_at ? null : button(t("processes.done"), () => done(row), "small")) },
  ] }) };
}
