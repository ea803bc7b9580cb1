/* One request: its steps from the hold to the package, each with who and when. */

import { fill, h } from "../dom.js";
import { ask, button, card, facts, head, note, page as whole, status, table, toast } from "../parts.js";
import { progressOf } from "../jobs.js";
import { places } from "../places.js";
import { person } from "../words.js";
import { requestState } from "./evidence.js";

export async function page(context) {
  const { t, api, may, me, params, query, setQuery, formats, reload } = context;
  const [request, all] = await Promise.all([one(api, params.request), places(api, { retired: true })]);
  const zone = all.zoneOfInstitution(request.institution);
  const mine = person(context, request.asked_by) === me.user;
  const approve = () => ask(context, {
    title: t("evidence.approve"), text: t("evidence.approve.text", { body: request.body, case: request.case }), submit: t("evidence.approve"),
    send: async () => { await api.post(`evidence/requests/${request.id}/approve`); toast(t("evidence.approved")); reload(); },
  });
  const making = h("div", { class: "stack" });
  async function make(values = {}) {
    const job = await api.post(`evidence/requests/${request.id}/export`, values);
    const id = job.job ?? job.id;
    setQuery({ job: id });
    fill(making, progressOf(context, id, () => { setQuery({ job: null }); reload(); return status("good", t("evidence.made-package")); }));
  }
  if (query.get("job")) fill(making, progressOf(context, query.get("job"), () => { setQuery({ job: null }); reload(); return status("good", t("evidence.made-package")); }));
  const step = (done, title, ...more) => h("li", { class: done ? "done" : "open" }, status(done ? "good" : "mute", title), h("div", { class: "stack" }, more));
  const over = Date.parse(request.to) <= Date.now();
  return whole(
    head(t("evidence.one", { number: request.id.replace("request-", "") }), { trail: [t("nav.evidence"), "/evidence"], lead: `${request.body} · ${t("evidence.case")} ${request.case}` }),
    h("div", { class: "row" }, requestState(context, request)),
    h("div", { class: "grid wide-first" },
      card(t("evidence.steps"), h("ol", { class: "steps" },
        step(true, t("evidence.step.asked"), h("p", {}, formats.time(request.asked_at, zone, { seconds: true }), " · ", person(context, request.asked_by))),
        step(Boolean(request.hold_in_force_at), t("evidence.step.held"), h("p", {}, h("a", { href: "/holds" }, request.hold), request.hold_in_force_at ? [" · ", formats.time(request.hold_in_force_at, zone, { seconds: true })] : ` · ${t("holds.confirming")}`)),
        step(Boolean(request.approved_at), t("evidence.step.approved"), request.approved_at ? h("p", {}, formats.time(request.approved_at, zone, { seconds: true }), " · ", person(context, request.approved_by))
          : mine || !may("evidence.approve") ? h("p", { class: "muted" }, t("evidence.wait-other")) : h("div", { class: "row" }, button(t("evidence.approve"), approve, "main"))),
        step(request.packages.some((each) => each.finished_at), t("evidence.step.package"),
          request.packages.length ? table(context, { caption: t("evidence.packages"), rows: request.packages, columns: [
            { title: t("evidence.package"), head: true, cell: (row) => row.id.replace("package-", "№ ") },
            { title: t("evidence.made-at"), cell: (row) => [formats.time(row.finished_at ?? row.started_at, zone), h("br"), h("span", { class: "muted small" }, person(context, row.exported_by))] },
            { title: t("evidence.segments"), number: true, cell: (row) => formats.number(row.segments) },
            { title: "SHA-256", cell: (row) => (row.export_sha256 ? h("code", { class: "hash", title: row.export_sha256 }, `${row.export_sha256.slice(0, 12)}…`) : "–") },
            { title: "", cell: (row) => (row.finished_at ? h("a", { class: "button small", href: api.url(`evidence/packages/${row.id}`), download: "" }, t("evidence.download")) : status("warn", t("evidence.state.exporting"))) },
          ] }) : null,
          request.approved_at && may("evidence.export") && !query.get("job") ? (over ? h("div", { class: "row" }, button(request.packages.length ? t("evidence.export.again") : t("evidence.export"), () => make().catch((problem) => fill(making, note("bad", problem.message, problem.hint))), request.packages.length ? "" : "main")) : h("p", { class: "muted" }, t("evidence.not-over"))) : null, making,
          h("p", { class: "muted small" }, t("evidence.package.text"))))),
      card(t("evidence.asked-for"), facts(
        [t("evidence.body"), request.body], [t("evidence.requester"), request.requester], [t("evidence.ground"), request.legal_ground], [t("evidence.case"), request.case],
        [t("camera.institution"), h("a", { href: `/institutions/${request.institution}` }, all.nameOf(request.institution))],
        [t("nav.cameras"), h("ul", { class: "plain" }, request.cameras.map((id) => h("li", {}, h("a", { href: `/cameras/${id}?day=${formats.toLocal(request.from, zone).slice(0, 10)}` }, all.cameraName(id)))))],
        [t("span.legend"), formats.span(request.from, request.to, zone, { seconds: true })],
        [t("evidence.margin.short"), formats.duration(request.margin_s)]))));
}

/** One request; where there is no route for one, out of the list. */
async function one(api, id) {
  try {
    return await api.get(`evidence/requests/${id}`);
  } catch (problem) {
    if (problem.status !== 405 && problem.code !== "http-404") throw problem;
    const found = (await api.all("evidence/requests")).find((request) => request.id === id);
    if (!found) throw problem;
    return found;
  }
}
