/* Choosing cameras and spans of time: used wherever somebody asks for footage, holds it or watches it. */

import { fill, h } from "./dom.js";
import { check, field, newId } from "./parts.js";
import { zoneWord } from "./words.js";

/** A list of boxes, one per camera of an institution, with a filter above it. Values come as `cameras[]`. */
export function cameraBoxes(context, cameras, chosen = [], { most = null, onchange = () => {} } = {}) {
  const { t } = context;
  const marked = new Set(chosen);
  const list = h("div", { class: "choices", tabindex: "-1" });
  const count = h("span", { class: "hint", "aria-live": "polite" });
  const filter = h("input", { type: "search", "aria-label": t("pick.filter"), placeholder: t("pick.filter"), oninput: () => draw() });
  const note = () => fill(count, most ? t("pick.count-of", { count: marked.size, most }) : t("pick.count", { count: marked.size }));
  function draw() {
    const wanted = filter.value.trim().toLocaleLowerCase();
    const shown = cameras.filter((camera) => marked.has(camera.id) || `${camera.name} ${camera.id} ${zoneWord(context, camera.zone)}`.toLocaleLowerCase().includes(wanted));
    fill(list, shown.slice(0, 300).map((camera) => check([camera.name, " ", h("span", { class: "muted small" }, zoneWord(context, camera.zone))], {
      name: "cameras[]", value: camera.id, checked: marked.has(camera.id),
      onchange: (event) => {
        if (event.target.checked && most && marked.size >= most) event.target.checked = false;
        else if (event.target.checked) marked.add(camera.id);
        else marked.delete(camera.id);
        note();
        onchange([...marked]);
      },
    })), shown.length > 300 && h("p", { class: "muted small" }, t("pick.more")), !shown.length && h("p", { class: "muted" }, t("pick.none")));
  }
  draw();
  note();
  return h("fieldset", { class: "field whole" }, h("legend", {}, t("pick.cameras")), cameras.length > 8 && filter, list, count);
}

/** Two moments in a site's zone. `values(form)` → {from, to} in UTC. */
export function span(context, zone, { from, to, open = false } = {}) {
  const { t, formats } = context;
  const one = (label, name, at, required) => field(label, {
    type: "datetime-local", name, step: 1, required, value: at ? formats.toLocal(at, zone) : "",
  });
  const element = h("fieldset", { class: "whole" }, h("legend", {}, t("span.legend")), h("div", { class: "fields" },
    one(t("span.from"), "from", from, true), one(open ? t("span.to-open") : t("span.to"), "to", to, !open)), h("p", { class: "hint small muted" }, t("span.zone", { zone: formats.zoneName(zone ?? formats.here) })));
  return { element, read: (values) => ({ from: formats.toUtc(values.from, zone), to: values.to ? formats.toUtc(values.to, zone) : null }) };
}

/** An institution's <select>; with one institution there is nothing to choose. */
export function institutionField(context, institutions, value, onchange, { label, all = null, name = "institution" } = {}) {
  const { t } = context;
  const id = newId();
  return field(label ?? t("pick.institution"), h("select", { id, name, onchange: (event) => onchange?.(event.target.value) },
    all !== null && h("option", { value: "" }, all), institutions.map((one) => h("option", { value: one.id, selected: one.id === value }, one.name))));
}
