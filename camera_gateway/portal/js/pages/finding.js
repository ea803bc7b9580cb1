/* One clause at one institution: what is asked, what was measured and how, and the time behind it, down to the minute. */

import { fill, h } from "../dom.js";
import { button, card, facts, head, later, link, note, page as whole, table } from "../parts.js";
import { calendar, daysOf, dayBounds, gapTable, totals } from "../coverage.js";
import { countsList, inLanguage, ORDER, result, scopeOf, seen, shares, together, worst } from "../results.js";
import { explainGap, declareFact, grantWaiver, noteProcess } from "../declaring.js";
import { clauseName, figure, judgedOf, placeOfScope, spoken, stripOf, tellsDays } from "../judged.js";
import { places } from "../places.js";
import { person } from "../words.js";
import { Problem } from "../api.js";

/** People give seconds; words on one gap are no words on the one that follows it. */
const SEAM_MS = 1_500;

export async function page(context) {
  const { t, api, may, params, query, formats } = context;
  const day = /^\d{4}-\d\d-\d\d$/.test(query.get("day") ?? "") ? query.get("day") : null;
  const now = query.get("now") === "1";
  const standard = query.get("standard") ?? "";
  const [book, all] = await Promise.all([api.get(`standards/${encodeURIComponent(standard)}`, { on: day }), places(api, { retired: true })]);
  const zone = all.zoneOfInstitution(params.institution);
  const { judged } = await judgedOf(context, params.institution, standard, { day, now, zone });
  // a rule of an included rule book has a path: "minimum/resolution" is of "minimum"
  const findings = judged.findings.filter((one) => one.rule === params.rule || one.rule.startsWith(`${params.rule}/`)).sort((a, b) => ORDER.indexOf(a.result) - ORDER.indexOf(b.result));
  if (!findings.length) throw new Problem(404, { code: "not-found" });
  const rule = book.rules.find((one) => one.id === params.rule);
  const chosen = findings.find((one) => one.scope === query.get("scope") && (!query.get("part") || one.rule === query.get("part"))) ?? findings[0];
  const address = ({ scope, rule: part }) => `/compliance/${encodeURIComponent(params.institution)}/${encodeURIComponent(params.rule)}?${new URLSearchParams({ standard, ...(day && { day }), ...(now && { now: 1 }), scope, ...(part !== params.rule && { part }) })}`;
  const camera = all.camera(scopeOf(chosen.scope).camera);
  const about = { institution: params.institution, standard, rule: chosen.rule, camera: camera?.id };
  // a link to a day leads to its line, which is there only now
  if (context.hash === "#time") setTimeout(() => document.getElementById("time")?.scrollIntoView());
  return whole(
    head(`${clauseName(context, chosen.clause)} · ${inLanguage(context, (rule ?? chosen).title) || chosen.rule}`, { trail: [all.nameOf(params.institution), `/compliance/${encodeURIComponent(params.institution)}?${new URLSearchParams({ standard, ...(day && { day }), ...(now && { now: 1 }) })}`], lead: `${inLanguage(context, book.title)} · ${t(`basis.${judged.basis}`)}`,
      actions: [camera && may("coverage.see") && link(`/cameras/${encodeURIComponent(camera.id)}/pictures`, t("camera.pictures")), may("waiver.grant") && ["fail", "unknown"].includes(chosen.result) && button(t("waivers.grant"), () => grantWaiver(context, all, about)), chosen.kind === "declared" && may("fact.declare") && button(t("facts.declare"), () => declareFact(context, all, { ...about, fact: chosen.metric }), "main"),
        chosen.kind === "process" && may("register.keep") && button(t("processes.note"), () => noteProcess(context, all, { ...about, process: registerOf(chosen) }), "main")] }),
    h("div", { class: "grid two" },
      card(t("finding.asked"), facts(
        [t("finding.required"), figure(context, chosen, "required")],
        [t("finding.verified"), seen(context, chosen.verified)],
        [t("finding.severity"), chosen.severity ? t(`severity.${chosen.severity}`) : null],
        [t("finding.source"), rule?.source?.length ? rule.source.map((one) => source(one, book.sources ?? [])) : null],
        [t("finding.note"), rule?.note ? spoken(context, rule, "note") : null])),
      card(t("finding.all"), h("div", { class: "row" }, result(context, worst(findings.map((one) => one.result)))), shares(together(findings.map((one) => ({ [one.result]: 1 })))), countsList(context, together(findings.map((one) => ({ [one.result]: 1 }))), { short: true }))),
    findings.length > 1 ? table(context, { caption: t("finding.scopes"), rows: findings, sortable: true, columns: [
      { title: t("finding.scope"), head: true, cell: (row) => h("a", { href: address(row), "aria-current": row === chosen ? "true" : null }, placeOfScope(context, row.scope, all), row.rule !== params.rule && h("span", { class: "small block" }, inLanguage(context, row.title))), sort: (row) => placeOfScope(context, row.scope, all) },
      { title: t("finding.result"), cell: (row) => result(context, row.result), sort: (row) => ORDER.indexOf(row.result) },
      { title: t("finding.measured"), cell: (row) => figure(context, row, "measured"), sort: (row) => row.measured },
    ] }) : null,
    h("section", { class: "card" }, h("h2", {}, placeOfScope(context, chosen.scope, all), result(context, chosen.result)),
      facts(
        [t("finding.measured"), figure(context, chosen, "measured")],
        [t("finding.method"), chosen.method_code && context.texts.has(`method.${chosen.method_code}`) ? t(`method.${chosen.method_code}`) : chosen.method ? h("span", { lang: "en" }, chosen.method) : null],
        [t("finding.evidence"), chosen.evidence && chosen.evidence !== chosen.method ? spoken(context, chosen, "evidence") : null],
        [t("finding.period"), formats.span(judged.from, judged.to, zone)]),
      chosen.waiver && note("info", t("waivers.one", { number: chosen.waiver.number }), chosen.waiver.reason, h("p", { class: "small" }, t("waivers.until-day", { until: formats.moment(chosen.waiver.until, zone) }))),
      tellsDays(chosen) && stripOf(context, chosen, zone, camera && ((one) => `${address(chosen)}&on=${one}#time`))),
    camera && may("coverage.see") ? timeBehind(context, camera, { zone: all.zoneOf(camera), judged, day: query.get("on") ?? (tellsDays(chosen) ? chosen.data.incomplete[0] : null) ?? day }) : null);
}

/** The register that a finding misses an entry of; it names it in its evidence alone. */
const registerOf = (finding) => /the register has no ([a-z0-9_.-]+)/.exec(`${finding.evidence} ${finding.measured}`)?.[1] ?? "";

/** A source: its address where the rule book gives one; it is read elsewhere, so it is no link. */
const source = (one, known) => h("span", { class: "block" }, known.find((each) => each.key === one)?.url ?? one);

/** The time behind a finding: the month's days, the chosen day on a line, its gaps, and the way to each minute. */
function timeBehind(context, camera, { zone, judged, day }) {
  const { t, api, may, formats, go, setQuery } = context;
  const path = `cameras/${encodeURIComponent(camera.id)}`;
  const today = formats.toLocal(Date.now(), zone).slice(0, 10);
  const chosen = { day: day ?? formats.toLocal(Date.parse(judged.to) - 1000, zone).slice(0, 10) };
  const month = h("div", {});
  const title = h("h3", {});
  const body = h("div", { class: "stack" });
  const minute = (at) => `/cameras/${camera.id}?${new URLSearchParams({ day: formats.toLocal(at, zone).slice(0, 10), at: new Date(at).toISOString() })}`;
  function drawDay() {
    const [from, to] = dayBounds(context, chosen.day, zone);
    fill(title, formats.longDay(`${chosen.day}T12:00Z`, "UTC"), " ", h("span", { class: "muted small" }, formats.zoneName(zone, new Date(from))));
    fill(body, later(context, async () => {
      const [found, told] = await Promise.all([api.get(`${path}/coverage`, { from, to }), api.all(`${path}/gaps/explanations`, { from, to })]);
      const said = (gap) => told.filter((one) => Math.min(Date.parse(one.to), Date.parse(gap.to)) - Math.max(Date.parse(one.from), Date.parse(gap.from)) > SEAM_MS).map((one) => h("p", { class: "said small" }, one.words, h("span", { class: "muted block" }, person(context, one.explained_by), " · ", formats.time(one.explained_at, zone))));
      const { line } = await import("../player/line.js");
      const drawn = await line(context, camera, zone, { from: Math.max(Date.parse(from), Date.parse(camera.registered_at)), to: Math.min(Date.parse(to), Date.parse(found.to)), go: (wall) => go(minute(wall)) });
      return [drawn, h("p", { class: "small muted" }, t("finding.line")), totals(context, found), gapTable(context, found, zone, { link: may("footage.view") && minute, said, explain: may("register.keep") && ((gap) => explainGap(context, camera, gap, zone)) })];
    }));
  }
  fill(month, later(context, async () => {
    const days = await daysOf(context, camera, chosen.day.slice(0, 7), zone, today);
    const place = h("div", {});
    const draw = () => fill(place, calendar(context, days, { chosen: chosen.day, choose: (one) => { chosen.day = one; setQuery({ on: one }); draw(); drawDay(); } }));
    draw();
    return place;
  }, { lines: 6 }));
  drawDay();
  return h("div", { class: "grid time-grid", id: "time" }, card(formats.month(chosen.day.slice(0, 7)), month), h("section", { class: "card" }, h("h2", {}, t("finding.time"), h("a", { class: "small", href: `/cameras/${camera.id}?day=${chosen.day}` }, t("finding.camera"))), title, body));
}
