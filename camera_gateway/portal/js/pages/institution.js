/* One institution: its sites, its cameras, and how whole its recordings of the last days are. */

import { h } from "../dom.js";
import { ask, button, card, empty, facts, field, head, later, link, page as whole, select, table, tag, toast } from "../parts.js";
import { cameraLink, cameraState, word, zoneWord } from "../words.js";
import { camerasSummary, kindChoices } from "./institutions.js";
import { coverageBar } from "../coverage.js";

const DAY_MS = 86_400_000;

export async function page(context) {
  const { t, api, may, params, formats, reload } = context;
  const [institution, cameras] = await Promise.all([api.get(`institutions/${params.institution}`), api.all("cameras", { institution: params.institution }, 50000)]);
  const manage = may("camera.manage");
  const change = () => ask(context, {
    title: t("institution.change"), submit: t("common.save"),
    fields: [
      field(t("institutions.name"), { name: "name", required: true, value: institution.name, maxlength: 200 }),
      field(t("institutions.kind"), select(kindChoices(context), institution.kind, { name: "kind" })),
      field(t("institutions.region"), { name: "region", value: institution.region, maxlength: 200 }),
      field(t("institution.zone"), { name: "time_zone", required: true, value: institution.sites[0]?.time_zone ?? "", spellcheck: "false" }, { hint: t("institution.zone.hint") }),
      field(t("institutions.networks"), { name: "networks", value: (institution.sites[0]?.allowed_networks ?? []).join(", ") }, { hint: t("institutions.networks.hint") }),
    ],
    send: async ({ name, kind, region, time_zone, networks }) => {
      await api.patch(`institutions/${institution.id}`, { name, kind, region, time_zone, ...(networks && { allowed_networks: networks.split(/[\s,]+/) }) });
      toast(t("common.saved"));
      reload();
    },
  });
  const to = new Date();
  const from = new Date(to - 7 * DAY_MS);
  const zone = institution.sites[0]?.time_zone;
  return whole(
    head(institution.name, {
      trail: [t("nav.institutions"), "/institutions"], lead: [word(context, "kind", institution.kind), institution.region].filter(Boolean).join(" · "),
      actions: [
        manage && link(`/cameras/add?institution=${institution.id}`, t("cameras.add"), "main"),
        may("incident.report") && link(`/incidents?new=1&institution=${institution.id}`, t("incidents.report")),
        manage && button(t("institution.change.short"), change),
      ],
    }),
    h("section", { class: "stack" }, h("div", { class: "row apart" }, h("h2", {}, t("nav.cameras")), camerasSummary(context, cameras)),
      table(context, {
        caption: t("nav.cameras"), rows: cameras, sortable: true,
        none: empty(t("cameras.none"), t("cameras.none.here"), manage && link(`/cameras/add?institution=${institution.id}`, t("cameras.add"), "main")),
        columns: [
          { title: t("camera.name"), head: true, cell: cameraLink, sort: (row) => row.name },
          { title: t("camera.zone"), cell: (row) => zoneWord(context, row.zone), sort: (row) => zoneWord(context, row.zone) },
          { title: t("camera.state"), cell: (row) => cameraState(context, row), sort: (row) => row.state },
          may("coverage.see") && { title: t("institution.week"), cell: (row) => lazyCoverage(context, row, from, to, zone) },
        ],
      })),
    h("div", { class: "grid two" }, institution.sites.map((site) => card(site.name, facts(
      [t("institution.zone"), formats.zoneName(site.time_zone)],
      [t("institutions.networks"), site.allowed_networks.length ? h("div", { class: "row" }, site.allowed_networks.map(tag)) : t("institution.any-network")],
      [t("institution.windows"), site.upload_windows.length ? site.upload_windows.join(", ") : t("institution.windows.always")],
      [t("institution.holidays"), site.holidays.length ? site.holidays.join(", ") : null],
      [t("institution.site-id"), h("code", {}, site.id)])))));
}

/** Coverage is asked for when its row comes into sight: an institution may have hundreds of cameras. */
function lazyCoverage(context, camera, from, to, zone) {
  const { api, onLeave } = context;
  const place = h("div", { class: "lazy-bar" });
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    place.replaceChildren(later(context, async () => {
      const found = await api.get(`cameras/${camera.id}/coverage`, { from: from.toISOString(), to: to.toISOString() });
      return coverageBar(context, found, zone);
    }, { lines: 0 }));
  });
  seen.observe(place);
  onLeave(() => seen.disconnect());
  return place;
}
