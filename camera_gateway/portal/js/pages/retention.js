/* The retention plan: how long footage is kept and by which rule, what would go and why, and what is kept too long. */

import { h } from "../dom.js";
import { ask, button, card, check, empty, field, head, later, note, page as whole, select, status, table, toast } from "../parts.js";
import { places } from "../places.js";
import { person, reasonWords, ruleName, ZONES, zoneWord } from "../words.js";

const VERDICTS = { keep: "good", extend: "good", delete: "warn", overdue: "bad" };

export async function page(context) {
  const { t, api, may, formats, query, setQuery, reload } = context;
  const due = query.get("all") !== "1";
  const [rules, all] = await Promise.all([api.get("retention/rules"), places(api, { retired: true })]);
  const days = (value) => (value === null || value === undefined ? "–" : t("retention.days", { count: value }));
  const by = new Map();
  for (const camera of rules.cameras) {
    const key = JSON.stringify([camera.rules, camera.floor_days, camera.margin_days, camera.ceiling_days, camera.contradictory]);
    if (!by.has(key)) by.set(key, { ...camera, cameras: [] });
    by.get(key).cameras.push(camera.camera);
  }
  return whole(
    head(t("nav.retention"), { lead: t("retention.lead"), actions: [may("retention.shorten") && button(t("retention.rule.add"), () => setRule(context, all), "main")] }),
    later(context, async () => {
      const plan = await api.get("retention/plan", { due: due || null });
      const counts = plan.counts;
      const shown = plan.decisions.slice(0, 500);
      return [
        h("div", { class: "figures" }, ["keep", "extend", "delete", "overdue"].map((verdict) => h("div", { class: "figure" }, h("b", {}, formats.number(counts[verdict] ?? 0)), status(counts[verdict] ? VERDICTS[verdict] : "mute", t(`retention.${verdict}`))))),
        plan.going.segments ? note("info", t("retention.going", { count: plan.going.segments, bytes: formats.bytes(plan.going.bytes) }), t("retention.going.text")) : note("good", t("retention.nothing-goes"), t("retention.nothing-goes.text")),
        plan.brake?.length ? note("warn", t("retention.brake"), plan.brake.join("; ")) : null,
        h("p", { class: "small muted" }, `${t("retention.as-of")} `, formats.time(plan.as_of, undefined, { seconds: true }), ` · ${t("retention.digest")} `, h("code", { class: "hash" }, plan.digest)),
        check(t("retention.show-kept"), { checked: !due, onchange: (event) => { setQuery({ all: event.target.checked ? 1 : null }); reload(); } }),
        table(context, { caption: t("retention.decisions"), rows: shown, none: empty(t("retention.none-due"), t("retention.none-due.text")), columns: [
          { title: t("nav.cameras"), head: true, cell: (row) => h("a", { href: `/cameras/${row.camera}` }, all.cameraName(row.camera)) },
          { title: t("coverage.when"), cell: (row) => formats.span(row.start, row.end, all.zoneOf(all.camera(row.camera))) },
          { title: t("retention.decision"), cell: (row) => status(VERDICTS[row.decision], t(`retention.${row.decision}`)) },
          { title: t("retention.until"), cell: (row) => formats.time(row.keep_until, all.zoneOf(all.camera(row.camera))) },
          { title: t("retention.reasons"), cell: (row) => h("ul", { class: "plain small" }, row.reasons.map((reason) => h("li", {}, reasonWords(context, reason, all.zoneOf(all.camera(row.camera)))))) },
        ] }),
        plan.decisions.length > shown.length ? h("p", { class: "muted small" }, t("common.of", { count: shown.length, total: plan.decisions.length })) : null,
      ];
    }, { lines: 6, title: t("retention.plan") }),
    h("div", { class: "grid two" },
      card(t("retention.in-force"), table(context, { caption: t("retention.in-force"), rows: [...by.values()], none: empty(t("cameras.none"), t("cameras.none.text")), columns: [
        { title: t("nav.cameras"), head: true, cell: (row) => (row.cameras.length > 3 ? t("pick.count", { count: row.cameras.length }) : formats.list(row.cameras.map(all.cameraName))) },
        { title: t("retention.floor"), cell: (row) => (row.contradictory ? status("bad", t("retention.contradictory")) : days(row.floor_days)) },
        { title: t("retention.ceiling"), cell: (row) => days(row.ceiling_days) },
        { title: t("retention.rule"), cell: (row) => h("span", { title: row.rules }, ruleName(context, row.rules)) },
      ] })),
      card(t("retention.rules"), table(context, { caption: t("retention.rules"), rows: rules.rules, none: empty(t("retention.no-rules"), t("retention.no-rules.text", { rule: ruleName(context, rules.settings) })), columns: [
        { title: t("retention.rule"), head: true, cell: (row) => h("code", {}, row.rule) },
        { title: t("retention.scope"), cell: (row) => row.scope },
        { title: t("retention.floor"), cell: (row) => days(row.floor_days) },
        { title: t("retention.ceiling"), cell: (row) => days(row.ceiling_days) },
        { title: t("retention.why"), cell: (row) => [row.reason, h("span", { class: "muted small" }, h("br"), [row.made_by, row.approved_by].filter(Boolean).map((one) => person(context, one)).join(", "), " · ", formats.time(row.valid_from))] },
      ] }))));
}

/** A new version of a rule: what it does is shown before it is made. */
function setRule(context, all) {
  const { t, api, formats, reload } = context;
  const shown = h("div", { "aria-live": "polite" });
  let previewed = null;
  return ask(context, {
    title: t("retention.rule.add"), text: t("retention.rule.text"), submit: t("retention.rule.preview"),
    fields: [
      field(t("camera.institution"), select([["", t("common.all")], ...all.institutions.map((one) => [one.id, one.name])], "", { name: "institution" })),
      field(t("camera.zone"), select([["", t("common.all")], ...ZONES.map((zone) => [zone, zoneWord(context, zone)])], "", { name: "zone" })),
      h("div", { class: "fields" }, field(t("retention.floor"), { type: "number", name: "floor_days", min: 1, max: 36500 }, { hint: t("retention.floor.hint") }), field(t("retention.ceiling"), { type: "number", name: "ceiling_days", min: 1, max: 36500 }, { hint: t("retention.ceiling.hint") })),
      field(t("holds.reason"), { name: "reason", required: true, maxlength: 200 }), shown,
    ],
    send: async (values, element) => {
      const wanted = { reason: values.reason, ...(values.institution && { institution: values.institution }), ...(values.zone && { zone: values.zone }),
        ...(values.floor_days && { floor_days: Number(values.floor_days) }), ...(values.ceiling_days && { ceiling_days: Number(values.ceiling_days) }) };
      if (previewed !== JSON.stringify(wanted)) {
        const { effect } = await api.post("retention/rules", { ...wanted, dry_run: true });
        previewed = JSON.stringify(wanted);
        element.querySelector("button.main").textContent = t("retention.rule.make");
        shown.replaceChildren(note(effect.shortens.length ? "warn" : "info", t("retention.effect", { count: effect.cameras.length }), effect.shortens.length ? t("retention.effect.shortens", { count: effect.shortens.length }) : t("retention.effect.keeps"),
          effect.kept_longer.segments ? h("p", {}, t("retention.effect.longer", { bytes: formats.bytes(effect.kept_longer.bytes) })) : null,
          effect.below_standard.length ? h("p", {}, status("bad", t("retention.effect.below", { count: effect.below_standard.length }))) : null));
        throw Object.assign(new Error(t("retention.rule.look")), { status: 0, code: "look" });
      }
      await api.post("retention/rules", wanted);
      toast(t("common.saved"));
      reload();
    },
  });
}
