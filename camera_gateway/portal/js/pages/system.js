/* The system: what has been proven and what has not, versions, queue and disk, long work, and the API for integrators. */

import { fill, h } from "../dom.js";
import { button, card, empty, facts, head, later, note, page as whole, status, table } from "../parts.js";
import { jobState, progressOf } from "../jobs.js";
import { person, word } from "../words.js";

const PROOF = { proven: "good", absent: "warn", failed: "bad" };

export async function page(context) {
  const { t, api, formats, may, texts } = context;
  const proof = (row) => status(row.state === "absent" && row.required === false ? "mute" : PROOF[row.state] ?? "mute", t(`doctor.${row.state}`));
  const properties = (caption, rows) => table(context, { caption, rows, none: empty(t("system.no-proof"), null), columns: [
    { title: t("system.property"), head: true, cell: (row) => [word(context, "property", row.name), row.required === false ? h("span", { class: "muted small" }, ` · ${t("system.optional")}`) : null] },
    { title: t("evidence.state"), cell: proof }, { title: t("audit.details"), cell: (row) => h("span", { lang: "en" }, row.detail) },
  ] });
  const examined = h("div", { "aria-live": "polite" });
  async function examine(event) {
    const asked = event.target;
    asked.setAttribute("aria-busy", "true");
    fill(examined, later(context, async () => {
      try {
        const found = await api.get("doctor");
        return [found.ok ? note("good", t("system.sound"), null) : note("bad", t("system.unsound"), t("system.unsound.text")), properties(t("system.examined"), found.properties)];
      } finally {
        asked.removeAttribute("aria-busy");
      }
    }));
  }
  const started = h("div", { "aria-live": "polite" });
  const start = (path, body, done) => async () => {
    try {
      const job = await api.post(path, body);
      fill(started, card(word(context, "verb", job.kind), progressOf(context, job.id, done)));
    } catch (problem) {
      fill(started, note("bad", problem.message, problem.hint));
    }
  };
  const checked = (result) => (result.ok ? note("good", t("system.check.fine"), null) : note("bad", t("system.check.wrong", { count: result.findings.length }), null, h("ul", { class: "small" }, result.findings.slice(0, 50).map((one) => h("li", {}, h("code", {}, one.invariant), ` ${one.what} · ${one.where}`)))));
  const drilled = (result) => note(result.ok ? "good" : "bad", t("system.drill.result", { good: result.good, checked: result.checked }), result.retrievable === null ? null : t("system.drill.interval", { low: formats.percent(result.interval_95[0], 2), high: formats.percent(result.interval_95[1], 2) }));
  const known = await api.get("system");
  const disk = known.disk;
  return whole(
    head(t("nav.system"), { lead: known.ready ? t("system.ready") : t("system.not-ready"), actions: [button(t("system.examine"), examine, "main"), button(t("system.check"), start("checks", { depth: "size" }, checked)),
      may("compliance.see") && button(t("system.drill"), start("drills", { sample: 20 }, drilled)), h("a", { class: "button", href: "/api/v1/docs" }, t("system.api"))] }),
    known.ready ? null : note("bad", t("system.not-ready"), null, h("ul", {}, Object.entries(known.lacking).map(([name, what]) => h("li", {}, `${word(context, "property", name)}: ${what}`)))),
    known.findings?.length ? note("warn", t("system.findings"), null, h("ul", {}, known.findings.map((one) => h("li", {}, texts.has(`finding.${one.split(":")[0]}`) ? t(`finding.${one.split(":")[0]}`) : one)))) : null,
    started, examined,
    h("div", { class: "grid two" },
      card(t("system.about"), facts([t("system.version"), known.version], ["Python", known.python], [t("system.site"), h("code", {}, known.site)], [t("system.schema"), known.catalogue?.revision],
        [t("system.serve-since"), known.roles?.serve?.since ? formats.time(known.roles.serve.since) : null],
        [t("system.recorders"), known.roles?.record?.length ? h("ul", { class: "plain" }, known.roles.record.map((one) => h("li", {}, status(one.alive ? "good" : "bad", one.alive ? t("system.alive", { count: one.cameras }) : t("system.dead")), h("span", { class: "muted small" }, ` ${t("system.since")} `, formats.time(one.since))))) : status("bad", t("system.no-recorder"))],
        [t("system.tls"), known.tls ? (known.tls.not_after ?? known.tls.ends ? formats.time(known.tls.not_after ?? known.tls.ends, undefined, { only: "day" }) : t("common.yes")) : t("system.tls.none")],
        [t("system.audit"), known.audit ? t("system.audit.rows", { count: known.audit.rows }) : null],
        [t("system.seal-key"), known.seal_key?.fingerprint ? h("code", { class: "hash" }, known.seal_key.fingerprint) : known.seal_key?.trouble ? status("bad", known.seal_key.trouble) : null],
        [t("system.witness"), known.witness?.kind === "none" ? status("warn", t("system.witness.none")) : known.witness?.name])),
      card(t("system.disk"), h("div", { class: "figures" }, figure(formats.bytes(disk.free_bytes), t("system.free")), figure(formats.bytes(disk.spool_used_bytes), t("system.spool")),
        figure(disk.until_loss_s === null || disk.until_loss_s === undefined ? t("system.no-loss") : formats.duration(disk.until_loss_s), t("system.until-loss"))),
      h("h3", {}, t("system.upload")), facts([t("system.backlog"), `${t("system.segments", { count: known.upload.backlog_segments })} · ${formats.bytes(known.upload.backlog_bytes)}`], [t("system.oldest"), known.upload.oldest ? formats.time(known.upload.oldest) : null],
        [t("system.uplink"), known.upload.uplink_bps ? `${formats.number(known.upload.uplink_bps / 1e6, 1)} ${t("unit.mbps")}` : t("common.unknown")]))),
    h("section", { class: "stack" }, h("h2", {}, `${t("system.store")}: ${word(context, "store", known.store.kind)}`), known.store.endpoint && h("p", { class: "muted" }, `${known.store.endpoint} · ${known.store.bucket}`), properties(t("system.store"), known.store.properties)),
    h("section", { class: "stack" }, h("h2", {}, t("system.jobs")), later(context, async () => table(context, { caption: t("system.jobs"), rows: await api.all("jobs"), none: empty(t("system.no-jobs"), t("system.no-jobs.text")), columns: [
      { title: t("system.job"), head: true, cell: (row) => word(context, "verb", row.kind) }, { title: t("evidence.state"), cell: (row) => jobState(context, row) },
      { title: t("job.progress"), cell: (row) => (row.total ? t("common.of", { count: row.done, total: row.total }) : row.what || "–") },
      { title: t("audit.actor"), cell: (row) => person(context, row.asked_by) }, { title: t("audit.at"), cell: (row) => formats.time(row.created_at) },
    ] }))));
}

const figure = (value, text) => h("div", { class: "figure" }, h("b", {}, value), h("span", {}, text));
