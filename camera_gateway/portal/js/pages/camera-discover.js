/* Cameras found on the network: asked by multicast or address by address; each leads to the form that registers it. */

import { fill, h } from "../dom.js";
import { card, check, empty, field, form, head, link, page as whole, table } from "../parts.js";
import { institutionField } from "../pickers.js";
import { progressOf } from "../jobs.js";

export async function page(context) {
  const { t, api, query, setQuery } = context;
  const institutions = await api.all("institutions");
  const result = h("div", { class: "stack" });
  const chosen = { institution: query.get("institution") ?? institutions[0]?.id ?? "" };

  function found(report) {
    setQuery({ job: null });
    const first = (row) => row.profiles.find((one) => one.url)?.url ?? `rtsp://${row.address}${row.rtsp_port && row.rtsp_port !== 554 ? `:${row.rtsp_port}` : ""}/`;
    return table(context, {
      caption: t("discover.found"), rows: report.found, hidden: false,
      none: empty(t("discover.none"), t("discover.none.text"), link("/cameras/add", t("cameras.add"))),
      columns: [
        { title: t("discover.address"), head: true, cell: (row) => h("code", {}, row.address) },
        { title: t("camera.model"), cell: (row) => [[row.vendor, row.model].filter(Boolean).join(" ") || "–", row.trouble && h("span", { class: "muted small" }, h("br"), row.trouble)] },
        { title: t("camera.serial"), cell: (row) => row.serial ?? row.mac ?? "–" },
        { title: t("discover.streams"), cell: (row) => (row.profiles.length ? h("ul", { class: "plain small" }, row.profiles.map((one) => h("li", {}, [one.name, one.codec, one.width && `${one.width} × ${one.height}`].filter(Boolean).join(" · ")))) : "–") },
        { title: t("discover.known"), cell: (row) => (row.registered.length ? row.registered.map((id, i) => [i ? ", " : "", h("a", { href: `/cameras/${id}` }, id)]) : t("discover.new")) },
        { title: "", cell: (row) => (row.registered.length ? null : link(`/cameras/add?institution=${chosen.institution}&url=${encodeURIComponent(first(row))}&name=${encodeURIComponent(row.model ?? "")}`, t("discover.add"), "small")) },
      ],
    });
  }
  const element = form(context, {
    submit: t("discover.do"),
    async send(values) {
      chosen.institution = values.institution;
      const answer = await api.post("cameras/discover", { institution: values.institution, ranges: values.range ? values.range.split(/[\s,]+/) : [], multicast: Boolean(values.multicast), ...(values.username && { username: values.username, ...(values.password && { password: values.password }) }) });
      setQuery({ job: answer.id });
      fill(result, card(t("discover.looking"), progressOf(context, answer.id, found)));
    },
  }, h("div", { class: "fields" }, institutionField(context, institutions, chosen.institution),
    field(t("discover.range"), { name: "range", placeholder: "192.168.10.0/24", spellcheck: "false" }, { hint: t("discover.range.hint") }),
    field(t("camera.account"), { name: "username", autocomplete: "off", spellcheck: "false" }, { hint: t("discover.account.hint") }),
    field(t("camera.password"), { name: "password", type: "password", autocomplete: "new-password" })), check(t("discover.multicast"), { name: "multicast", checked: true }));
  if (query.get("job")) fill(result, card(t("discover.looking"), progressOf(context, query.get("job"), found)));
  return whole(head(t("cameras.discover"), { trail: [t("nav.cameras"), "/cameras"], lead: t("discover.lead") }), h("div", { class: "card form-card" }, element), result);
}
