/* Requests for footage: who asked, on what ground, who approved, and the packages that came of them. */

import { h } from "../dom.js";
import { empty, head, link, page as whole, status, table } from "../parts.js";
import { places } from "../places.js";
import { person } from "../words.js";

/** Where a request stands: shape and word. */
export function requestState({ t }, request) {
  if (request.packages.some((each) => each.finished_at)) return status("good", t("evidence.state.exported"));
  if (request.packages.length) return status("warn", t("evidence.state.exporting"));
  if (request.approved_at) return status("good", t("evidence.state.approved"));
  return status("warn", t("evidence.state.waiting"));
}

export async function page(context) {
  const { t, api, may, formats } = context;
  const [requests, all] = await Promise.all([api.all("evidence/requests"), places(api, { retired: true })]);
  const rows = [...requests].sort((a, b) => b.asked_at.localeCompare(a.asked_at));
  const add = () => may("evidence.request") && link("/evidence/new", t("evidence.new"), "main");
  return whole(head(t("nav.evidence"), { lead: t("evidence.lead"), actions: [add()] }), table(context, {
    caption: t("nav.evidence"), rows, sortable: true, none: empty(t("evidence.none"), t("evidence.none.text"), add()),
    columns: [
      { title: t("evidence.number"), head: true, cell: (row) => h("a", { href: `/evidence/${row.id}` }, row.id.replace("request-", "№ ")), sort: (row) => row.id },
      { title: t("evidence.body"), cell: (row) => [row.body, h("br"), h("span", { class: "muted small" }, `${t("evidence.case")} ${row.case}`)], sort: (row) => row.body },
      { title: t("evidence.about"), cell: (row) => [row.cameras.length === 1 ? all.cameraName(row.cameras[0]) : t("pick.count", { count: row.cameras.length }), h("br"), h("span", { class: "muted small" }, all.nameOf(row.institution))] },
      { title: t("span.legend"), cell: (row) => formats.span(row.from, row.to, all.zoneOfInstitution(row.institution)), sort: (row) => row.from },
      { title: t("evidence.asked"), cell: (row) => [formats.time(row.asked_at), h("br"), h("span", { class: "muted small" }, person(context, row.asked_by))], sort: (row) => row.asked_at },
      { title: t("evidence.state"), cell: (row) => requestState(context, row) },
    ],
  }));
}
