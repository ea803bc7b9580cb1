/* The institutions that the user may see, and registering one. */

import { h } from "../dom.js";
import { ask, button, empty, field, head, page as whole, select, table, toast } from "../parts.js";
import { isWrong, KINDS, word } from "../words.js";
import { status } from "../parts.js";

export const kindChoices = (context) => KINDS.map((kind) => [kind, word(context, "kind", kind)]);

/** A summary of what cameras do: everything records, or how many do not. */
export function camerasSummary(context, cameras) {
  const { t } = context;
  const wrong = cameras.filter(isWrong).length;
  if (!cameras.length) return h("span", { class: "muted" }, t("institutions.no-cameras"));
  return wrong ? status("bad", t("institutions.wrong", { count: wrong })) : status("good", t("institutions.fine"));
}

export async function page(context) {
  const { t, api, may, go } = context;
  const [institutions, cameras] = await Promise.all([api.all("institutions"), api.all("cameras", {}, 50000)]);
  const of = (id) => cameras.filter((camera) => camera.institution === id);
  const add = () => ask(context, {
    title: t("institutions.add"), submit: t("institutions.add.do"),
    fields: [
      field(t("institutions.name"), { name: "name", required: true, maxlength: 200 }),
      field(t("institutions.id"), { name: "id", pattern: "[a-z0-9][a-z0-9\\-]{1,40}", "data-wrong": t("form.id"), autocapitalize: "none", spellcheck: "false" }, { hint: t("institutions.id.hint") }),
      field(t("institutions.kind"), select(kindChoices(context), "social_centre", { name: "kind" })),
      field(t("institutions.region"), { name: "region", maxlength: 200 }),
      field(t("institutions.networks"), { name: "networks", placeholder: "192.168.10.0/24" }, { hint: t("institutions.networks.hint") }),
    ],
    send: async ({ name, id, kind, region, networks }) => {
      const made = await api.post("institutions", { name, kind, region, ...(id && { id }), ...(networks && { allowed_networks: networks.split(/[\s,]+/) }) });
      toast(t("institutions.added"));
      go(`/institutions/${made.id}`);
    },
  });
  const adding = may("camera.manage") && button(t("institutions.add"), add, "main");
  return whole(head(t("nav.institutions"), { lead: t("institutions.lead"), actions: [adding] }),
    table(context, {
      caption: t("nav.institutions"), rows: institutions, sortable: true,
      none: empty(t("institutions.none"), t("institutions.none.text"), adding && button(t("institutions.add"), add)),
      columns: [
        { title: t("institutions.name"), head: true, cell: (row) => h("a", { href: `/institutions/${row.id}` }, row.name), sort: (row) => row.name },
        { title: t("institutions.kind"), cell: (row) => word(context, "kind", row.kind), sort: (row) => word(context, "kind", row.kind) },
        { title: t("institutions.region"), cell: (row) => row.region || "–", sort: (row) => row.region },
        { title: t("nav.cameras"), number: true, cell: (row) => String(row.cameras), sort: (row) => row.cameras },
        { title: t("camera.state"), cell: (row) => camerasSummary(context, of(row.id)), sort: (row) => -of(row.id).filter(isWrong).length },
      ],
    }));
}
