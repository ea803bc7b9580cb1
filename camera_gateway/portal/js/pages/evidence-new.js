/* Asking for footage: by whom, on what ground, of which cameras. The first thing that happens is a hold. */

import { fill, h } from "../dom.js";
import { card, check, empty, field, form, head, link, narrow, note, select, toast } from "../parts.js";
import { cameraBoxes, institutionField, span } from "../pickers.js";
import { places } from "../places.js";
import { RESTRICTED, ZONES, zoneWord } from "../words.js";

const HOUR_S = 3600;

export async function page(context) {
  const { t, api, go, query, formats } = context;
  const all = await places(api, { retired: true });
  if (!all.cameras.length) return narrow(head(t("evidence.new"), { trail: [t("nav.evidence"), "/evidence"] }), empty(t("cameras.none"), t("cameras.none.text"), link("/cameras", t("nav.cameras"))));
  const camera = all.camera(query.get("camera"));
  let institution = camera?.institution ?? query.get("institution") ?? all.cameras[0].institution;
  const place = h("div", { class: "whole stack" });
  let asked;
  function draw() {
    const here = all.cameras.filter((one) => one.institution === institution);
    const zone = all.zoneOfInstitution(institution);
    const day = query.get("day");
    asked = span(context, zone, day ? { from: formats.toUtc(`${day}T08:00:00`, zone), to: formats.toUtc(`${day}T09:00:00`, zone) } : {});
    const zones = ZONES.filter((one) => here.some((each) => each.zone === one));
    const boxes = h("div", {}, cameraBoxes(context, here, camera && camera.institution === institution ? [camera.id] : []));
    const zoneField = field(t("camera.zone"), select(zones.map((one) => [one, zoneWord(context, one)]), zones[0], { name: "zone" }));
    zoneField.hidden = true;
    fill(place, asked.element, field(t("evidence.what"), select([["cameras", t("evidence.what.cameras")], ["zone", t("evidence.what.zone")], ["institution", t("evidence.what.institution")]], "cameras", {
      name: "what", onchange: (event) => { boxes.hidden = event.target.value !== "cameras"; zoneField.hidden = event.target.value !== "zone"; } })), boxes, zoneField,
    here.some((one) => RESTRICTED.has(one.zone)) ? h("p", { class: "muted small" }, t("evidence.restricted")) : null);
  }
  draw();
  const element = form(context, {
    submit: t("evidence.do"),
    async send(values) {
      const { from, to } = asked.read(values);
      const about = values.what === "cameras" ? { cameras: values.cameras ?? [] } : { institution, ...(values.what === "zone" && { zone: values.zone }) };
      if (about.cameras && !about.cameras.length) throw new Error(t("watch.choose-first"));
      const made = await api.post("evidence/requests", {
        requester: values.requester, body: values.body, legal_ground: values.legal_ground, case: values.case, from, to, ...about, margin_s: values.margin ? HOUR_S : 0,
      });
      toast(t("evidence.made"));
      go(`/evidence/${made.request.id}`);
    },
  },
  card(t("evidence.who"), h("div", { class: "fields" },
    field(t("evidence.body"), { name: "body", required: true, maxlength: 200, "data-first": true }, { hint: t("evidence.body.hint") }),
    field(t("evidence.requester"), { name: "requester", required: true, maxlength: 200 }, { hint: t("evidence.requester.hint") }),
    field(t("evidence.ground"), { name: "legal_ground", required: true, maxlength: 200 }, { hint: t("evidence.ground.hint") }),
    field(t("evidence.case"), { name: "case", required: true, maxlength: 200 }))),
  card(t("evidence.about"), h("div", { class: "fields" }, institutionField(context, all.institutions, institution, (id) => { institution = id; draw(); }), place,
    h("div", { class: "whole" }, check(t("evidence.margin"), { name: "margin", checked: true })))));
  return narrow(head(t("evidence.new"), { trail: [t("nav.evidence"), "/evidence"] }), note("info", t("evidence.first-hold"), t("evidence.first-hold.text")), element);
}
