/* Legal holds: what may not be deleted and why; placing one shows first what it does; lifting takes two people. */

import { fill, h } from "../dom.js";
import { ask, button, card, check, empty, facts, field, form, head, note, page as whole, select, status, table, toast } from "../parts.js";
import { cameraBoxes, institutionField, span } from "../pickers.js";
import { places } from "../places.js";
import { holdReason, person } from "../words.js";

/** What a hold keeps, before it is placed. */
function impact({ t, formats }, found) {
  return facts(
    [t("nav.cameras"), formats.number(found.cameras.length)],
    [t("holds.impact.kept"), t("holds.impact.segments", { count: found.segments, bytes: formats.bytes(found.bytes) })],
    [t("holds.impact.first"), found.would_go_first_at ? formats.time(found.would_go_first_at) : t("holds.impact.nothing")],
    [t("holds.impact.longer"), formats.bytes(found.kept_longer_within_30_days_bytes)],
    [t("holds.impact.cost"), found.cost_per_month === null ? null : formats.number(found.cost_per_month, 2)],
    [t("holds.impact.spool"), found.spool.segments ? t("holds.impact.spool.text", { bytes: formats.bytes(found.spool.bytes) }) : null],
    [t("holds.impact.gone"), found.gone_already_s ? status("bad", formats.duration(found.gone_already_s)) : null]);
}

export async function page(context) {
  const { t, api, may, me, query, setQuery, formats, reload } = context;
  const lifted = query.get("lifted") === "1";
  const [holds, all] = await Promise.all([api.all("holds", { lifted: lifted || null }), places(api, { retired: true })]);
  const place = h("div", {});
  const zoneOf = (hold) => all.zoneOfInstitution(hold.owner);

  function placing() {
    const camera = all.camera(query.get("camera"));
    let institution = camera?.institution ?? query.get("institution") ?? all.institutions[0]?.id;
    let asked;
    let previewed = null;
    const about = h("div", { class: "stack whole" });
    const preview = h("div", { class: "stack", "aria-live": "polite" });
    const draw = () => {
      asked = span(context, all.zoneOfInstitution(institution), { open: true, from: Date.now() - 86_400_000 });
      const boxes = h("div", { class: "whole" }, cameraBoxes(context, all.cameras.filter((one) => one.institution === institution), camera?.institution === institution ? [camera.id] : []));
      fill(about, field(t("evidence.what"), select([["cameras", t("evidence.what.cameras")], ["institution", t("evidence.what.institution")]], "cameras", { name: "what", onchange: (event) => { boxes.hidden = event.target.value !== "cameras"; } })), boxes, asked.element);
    };
    draw();
    const element = form(context, {
      submit: t("holds.preview"),
      cancel: () => { setQuery({ new: null, camera: null, institution: null }); fill(place); },
      async send(values) {
        const wanted = { ...asked.read(values), reason: values.reason, case: values.case };
        if (values.what === "institution") wanted.institution = institution;
        else wanted.cameras = values.cameras ?? [];
        if (wanted.cameras && !wanted.cameras.length) throw new Error(t("watch.choose-first"));
        const found = await api.post("holds", { ...wanted, dry_run: true });
        previewed = wanted;
        fill(preview, h("div", { class: "note info" }, h("strong", {}, t("holds.impact")), impact(context, found.impact), h("div", { class: "row" }, button(t("holds.place"), doPlace, "main"))));
        preview.querySelector("button").focus();
      },
    }, h("div", { class: "fields" }, institutionField(context, all.institutions, institution, (id) => { institution = id; fill(preview); draw(); }), about,
      field(t("holds.reason"), { name: "reason", required: true, maxlength: 200 }), field(t("evidence.case"), { name: "case", maxlength: 200 })));
    element.addEventListener("input", () => { previewed = null; fill(preview); });
    async function doPlace(event) {
      if (!previewed || event.target.getAttribute("aria-busy")) return;
      event.target.setAttribute("aria-busy", "true");
      try {
        const made = await api.post("holds", previewed);
        toast(t("holds.placed", { hold: made.hold.id }));
        setQuery({ new: null, camera: null, institution: null });
        reload();
      } catch (problem) {
        event.target.removeAttribute("aria-busy");
        fill(preview, note("bad", problem.message, problem.hint));
      }
    }
    fill(place, card(t("holds.place"), element, preview));
    element.querySelector("select, input")?.focus();
  }
  const lift = (hold) => ask(context, {
    title: t("holds.lift.one", { hold: hold.id }), text: [t("holds.lift.text"), hold.lift_asked_by ? t("holds.lift.second", { name: person(context, hold.lift_asked_by) }) : t("holds.lift.first")], submit: t("holds.lift"), danger: true,
    fields: [field(t("holds.reason"), { name: "reason", required: true, maxlength: 200, value: hold.lift_asked_reason ?? "" })],
    send: async ({ reason }) => {
      try {
        await api.delete(`holds/${hold.id}`, { reason });
        toast(t("holds.lifted", { hold: hold.id }));
      } catch (problem) {
        // the first of two people has been heard, and the hold stays
        if (problem.code !== "second-person" || person(context, hold.lift_asked_by) === me.user) throw problem;
        toast(t("holds.lift-asked"));
      }
      reload();
    },
  });
  if (query.get("new") && may("hold.place")) placing();
  const add = may("hold.place") && button(t("holds.place"), placing, "main");
  return whole(head(t("nav.holds"), { lead: t("holds.lead"), actions: [add] }), place,
    h("div", { class: "row" }, check(t("holds.with-lifted"), { checked: lifted, onchange: (event) => { setQuery({ lifted: event.target.checked ? 1 : null }); reload(); } })),
    table(context, {
      caption: t("nav.holds"), rows: holds, sortable: true, none: empty(t("holds.none"), t("holds.none.text"), add && button(t("holds.place"), placing)),
      columns: [
        { title: t("evidence.number"), head: true, cell: (row) => row.id.replace("hold-", "№ "), sort: (row) => row.id },
        { title: t("evidence.about"), cell: (row) => [row.institution ? t("holds.whole") : row.cameras.length === 1 ? h("a", { href: `/cameras/${row.cameras[0]}` }, all.cameraName(row.cameras[0])) : t("pick.count", { count: row.cameras.length }), h("br"), h("span", { class: "muted small" }, all.nameOf(row.owner))] },
        { title: t("span.legend"), cell: (row) => formats.span(row.from, row.to, zoneOf(row)), sort: (row) => row.from },
        { title: t("holds.reason"), cell: (row) => [holdReason(context, row.reason), row.case && h("span", { class: "muted small" }, h("br"), `${t("evidence.case")} ${row.case}`)] },
        { title: t("holds.placed-by"), cell: (row) => [person(context, row.placed_by), h("br"), h("span", { class: "muted small" }, formats.time(row.placed_at, zoneOf(row)))], sort: (row) => row.placed_at },
        { title: t("evidence.state"), cell: (row) => (row.lifted_at ? [status("mute", t("holds.state.lifted")), h("span", { class: "muted small" }, h("br"), formats.time(row.lifted_at, zoneOf(row)), ` · ${person(context, row.lifted_by)}, ${person(context, row.approved_by)}`)]
          : [row.in_force_at ? status("good", t("holds.state.force")) : status("warn", t("holds.confirming")), row.lift_asked_by && h("span", { class: "small" }, h("br"), t("holds.lift-asked-by", { name: person(context, row.lift_asked_by) }))]) },
        { title: "", cell: (row) => (!row.lifted_at && may("hold.lift") ? button(t("holds.lift"), () => lift(row), "small") : null) },
      ],
    }));
}
