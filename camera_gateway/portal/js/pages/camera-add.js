/* Registering one camera: where it hangs, where it is on the network, and what it really sends before it is saved. */

import { fill, h } from "../dom.js";
import { button, card, field, form, head, later, link, narrow, note, select, toast } from "../parts.js";
import { institutionField } from "../pickers.js";
import { probeResult } from "../probe.js";
import { RESTRICTED, ZONES, zoneWord } from "../words.js";

export async function page(context) {
  const { t, api, go, query } = context;
  const institutions = await api.all("institutions");
  if (!institutions.length) return narrow(head(t("cameras.add"), { trail: [t("nav.cameras"), "/cameras"] }), note("info", t("add.no-institution"), t("add.no-institution.text"), h("div", { class: "row" }, link("/institutions", t("nav.institutions"), "main"))));
  const institution = institutions.find((one) => one.id === query.get("institution"))?.id ?? institutions[0].id;
  const seen = h("div", { class: "stack", "aria-live": "polite" });
  let probed = null;

  const given = (values) => ({ url: values.url, ...(values.username && { username: values.username }), ...(values.password && { password: values.password }) });
  async function look(element) {
    const values = Object.fromEntries(new FormData(element));
    if (!values.url) return element.elements.url.focus();
    const asked = { ...given(values), institution: values.institution };
    probed = null;
    fill(seen, later(context, async () => {
      const found = await api.post("cameras/probe", { ...asked, seconds: 3, picture: true });
      probed = found.ok ? JSON.stringify(asked) : null;
      const picture = h("figure", { class: "first-picture" });
      if (found.ok) {
        if (found.picture?.jpeg) fill(picture, h("img", { src: `data:image/jpeg;base64,${found.picture.jpeg}`, width: found.picture.width, height: found.picture.height, alt: t("add.picture") }), h("figcaption", { class: "muted small" }, t("add.picture.check")));
        else fill(picture, h("figcaption", { class: "muted small" }, t("add.picture.none")));
      }
      return [probeResult(context, found), found.ok && picture];
    }, { lines: 4, title: t("camera.probe") }));
  }

  const url = field(t("camera.address"), { name: "url", required: true, pattern: "rtsp://.+", "data-wrong": t("add.url.wrong"), placeholder: "rtsp://192.168.10.64:554/…", spellcheck: "false", autocapitalize: "none", autocomplete: "off", value: query.get("url") ?? "" }, { hint: t("add.url.hint"), whole: true });
  const zone = select([["", t("add.zone.choose")], ...ZONES.map((one) => [one, zoneWord(context, one)])], query.get("zone") ?? "", { name: "zone", required: true, onchange: (event) => { strict.hidden = !RESTRICTED.has(event.target.value); } });
  const strict = h("div", { class: "whole", hidden: true }, note("info", t("camera.restricted"), t("add.restricted")));
  const element = form(context, {
    submit: t("add.do"),
    async send(values) {
      const same = probed === JSON.stringify({ ...given(values), institution: values.institution });
      const made = await api.post("cameras", { institution: values.institution, name: values.name, zone: values.zone, ...given(values), ...(values.id && { id: values.id }), probe: !same });
      toast(t("add.added", { name: made.name }));
      go(`/cameras/${made.id}`);
    },
  },
  card(t("add.where"), h("div", { class: "fields" }, institutionField(context, institutions, institution),
    field(t("camera.name"), { name: "name", required: true, maxlength: 200, value: query.get("name") ?? "", "data-first": true }, { hint: t("add.name.hint") }),
    field(t("camera.zone"), zone, { hint: t("add.zone.hint") }), field(t("camera.id"), { name: "id", pattern: "[a-z0-9][a-z0-9\\-]{1,40}", "data-wrong": t("form.id"), autocapitalize: "none", spellcheck: "false" }, { hint: t("add.id.hint") }), strict)),
  card(t("add.network"), h("div", { class: "fields" }, url,
    field(t("camera.account"), { name: "username", autocomplete: "off", spellcheck: "false", autocapitalize: "none" }),
    field(t("camera.password"), { name: "password", type: "password", autocomplete: "new-password" }, { hint: t("add.password.hint") })),
  h("div", { class: "row" }, button(t("add.look"), () => look(element))), seen));
  return narrow(head(t("cameras.add"), { trail: [t("nav.cameras"), "/cameras"], lead: t("add.lead"), actions: [link("/cameras/discover", t("cameras.discover")), link("/cameras/import", t("cameras.import"))] }), element);
}
