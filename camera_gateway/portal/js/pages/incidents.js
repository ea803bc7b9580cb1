/* Incidents: reporting one places a hold and writes the notices in the same step; the register below. */

import { fill, h } from "../dom.js";
import { button, card, empty, facts, field, form, head, note, page as whole, status, table } from "../parts.js";
import { cameraBoxes, institutionField } from "../pickers.js";
import { places } from "../places.js";
import { person } from "../words.js";

export async function page(context) {
  const { t, api, may, query, setQuery, formats } = context;
  const [incidents, all] = await Promise.all([api.all("incidents"), places(api)]);
  const place = h("div", {});
  const register = h("div", {});

  function reporting() {
    const camera = all.camera(query.get("camera"));
    let institution = camera?.institution ?? query.get("institution") ?? all.institutions[0]?.id;
    const about = h("div", { class: "whole" });
    let zone;
    const draw = () => {
      zone = all.zoneOfInstitution(institution);
      fill(about, h("div", { class: "stack" }, field(t("incidents.at"), { type: "datetime-local", step: 1, name: "at", required: true, value: formats.toLocal(Date.now() - 60_000, zone) }, { hint: t("span.zone", { zone: formats.zoneName(zone ?? formats.here) }) }),
        cameraBoxes(context, all.cameras.filter((one) => one.institution === institution), camera?.institution === institution ? [camera.id] : []), h("p", { class: "muted small" }, t("incidents.none-is-all"))));
    };
    draw();
    const element = form(context, {
      submit: t("incidents.do"), danger: true,
      cancel: () => { setQuery({ new: null, camera: null, institution: null }); fill(place); },
      async send(values) {
        const made = await api.post("incidents", { institution, cameras: values.cameras ?? [], at: formats.toUtc(values.at, zone), text: values.text });
        setQuery({ new: null, camera: null, institution: null });
        fill(place, reported(context, made, zone));
        place.firstChild.querySelector("h2").focus();
        drawRegister(await api.all("incidents"));
      },
    }, h("div", { class: "fields" }, institutionField(context, all.institutions, institution, (id) => { institution = id; draw(); }), about),
    field(t("incidents.text"), h("textarea", { name: "text", required: true, maxlength: 4000, rows: 4 }), { hint: t("incidents.text.hint") }));
    fill(place, card(t("incidents.report"), h("p", { class: "muted" }, t("incidents.report.text")), element));
    element.querySelector("select, input")?.focus();
  }
  if (query.get("new") && may("incident.report")) reporting();
  const add = may("incident.report") && button(t("incidents.report"), reporting, "main");
  const drawRegister = (found) => fill(register, table(context, {
    caption: t("nav.incidents"), rows: [...found].sort((a, b) => b.at.localeCompare(a.at)), sortable: true, none: empty(t("incidents.none"), t("incidents.none.text")),
    columns: [
      { title: t("evidence.number"), head: true, cell: (row) => row.id.replace("incident-", "№ ") },
      { title: t("incidents.at"), cell: (row) => formats.time(row.at, all.zoneOfInstitution(row.institution), { seconds: true }), sort: (row) => row.at },
      { title: t("camera.institution"), cell: (row) => all.nameOf(row.institution), sort: (row) => all.nameOf(row.institution) },
      { title: t("incidents.text"), cell: (row) => row.text },
      { title: t("nav.cameras"), cell: (row) => (row.cameras.length <= 2 ? row.cameras.map((id, i) => [i ? ", " : "", h("a", { href: `/cameras/${id}?at=${encodeURIComponent(row.at)}&day=${formats.toLocal(row.at, all.zoneOfInstitution(row.institution)).slice(0, 10)}` }, all.cameraName(id))]) : t("pick.count", { count: row.cameras.length })) },
      { title: t("incidents.by"), cell: (row) => [person(context, row.reported_by), h("br"), h("span", { class: "muted small" }, formats.time(row.reported_at, all.zoneOfInstitution(row.institution)))] },
    ],
  }));
  drawRegister(incidents);
  return whole(head(t("nav.incidents"), { lead: t("incidents.lead"), actions: [add] }), place, register);
}

/** What a report came to: the steps with their moments, and the notices to sign and send. */
function reported(context, made, zone) {
  const { t, formats } = context;
  const steps = made.steps;
  const notices = Object.entries(made.notices).map(([name, text]) => {
    const [, who, language] = /\.(\w+)\.(\w+)\.txt$/.exec(name) ?? [];
    return h("details", {}, h("summary", {}, `${t(`incidents.to.${who}`)} · ${language === "kk" ? "қазақша" : "русский"}`), h("pre", { class: "notice", lang: language, tabindex: "0" }, text),
      h("div", { class: "row" }, button(t("incidents.save-notice"), () => { const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" })); h("a", { href: address, download: name }).click(); URL.revokeObjectURL(address); }, "small")));
  });
  return h("section", { class: "card" }, h("h2", { tabindex: "-1" }, t("incidents.reported", { number: made.incident.id.replace("incident-", "") })),
    made.hold.confirmed === false ? note("warn", t("holds.confirming"), made.hold.why) : status("good", t("incidents.held")),
    facts([t("incidents.at"), formats.time(steps.happened_at, zone, { seconds: true })], [t("incidents.step.reported"), formats.time(steps.reported_at, zone, { seconds: true })],
      [t("incidents.step.held"), steps.hold_confirmed_at ? formats.time(steps.hold_confirmed_at, zone, { seconds: true }) : t("holds.confirming")], [t("incidents.step.notice"), formats.time(steps.notice_written_at, zone, { seconds: true })],
      [t("incidents.step.row"), `${steps.audit_row} · ${steps.audit_digest.slice(0, 16)}…`]),
    h("h3", {}, t("incidents.notices")), h("div", { class: "stack" }, notices));
}
