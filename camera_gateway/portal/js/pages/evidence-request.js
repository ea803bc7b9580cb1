/* One request: its steps from the hold to the package, each with who and when. */

import { fill, h } from "../dom.js";
import { ask, button, card, facts, head, note, page as whole, status, table, toast } from "../parts.js";
import { places } from "../places.js";
import { person } from "../words.js";
import { requestState } from "./evidence.js";

const POLL_MS = 3000;

export async function page(context) {
  const { t, api, may, me, params, formats, reload } = context;
  const [request, all] = await Promise.all([api.get(`evidence/requests/${encodeURIComponent(params.request)}`), places(api, { retired: true })]);
  const zone = all.zoneOfInstitution(request.institution);
  const mine = person(context, request.asked_by) === me.user;
  const approve = () => ask(context, {
    title: t("evidence.approve"), text: t("evidence.approve.text", { body: request.body, case: request.case }), submit: t("evidence.approve"),
    send: async () => { await api.post(`evidence/requests/${request.id}/approve`); toast(t("evidence.approved")); reload(); },
  });
  // the browser takes the package to its own list of downloads; the steps here follow what the service says of it
  const making = h("div", { "aria-live": "polite" });
  const follow = () => {
    fill(making, note("info", t("evidence.making"), t("evidence.making.text")));
    const before = request.packages.filter((each) => each.finished_at).length;
    const timer = setInterval(async () => {
      const now = await api.get(`evidence/requests/${request.id}`, {}, { background: true }).catch(() => null);
      if (now && now.packages.filter((each) => each.finished_at).length > before) { clearInterval(timer); toast(t("evidence.made-package")); reload(); }
    }, POLL_MS);
    context.onLeave(() => clearInterval(timer));
  };
  const download = (event) => { if (!event.defaultPrevented) follow(); };
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
            { title: t("evidence.state"), cell: (row) => (row.finished_at ? status("good", t("evidence.state.exported")) : status("warn", t("evidence.state.unfinished"))) },
          ] }) : null,
          request.approved_at && may("evidence.export") ? (over ? h("div", { class: "row" }, h("a", { class: request.packages.length ? "button" : "button main", href: api.url(`evidence/packages/${request.id}`), download: "", onclick: download }, request.packages.length ? t("evidence.export.again") : t("evidence.export"))) : h("p", { class: "muted" }, t("evidence.not-over"))) : null, making,
          h("p", { class: "muted small" }, t("evidence.package.text"))))),
      card(t("evidence.asked-for"), facts(
        [t("evidence.body"), request.body], [t("evidence.requester"), request.requester], [t("evidence.ground"), request.legal_ground], [t("evidence.case"), request.case],
        [t("camera.institution"), h("a", { href: `/institutions/${request.institution}` }, all.nameOf(request.institution))],
        [t("nav.cameras"), h("ul", { class: "plain" }, request.cameras.map((id) => h("li", {}, h("a", { href: `/cameras/${id}?day=${formats.toLocal(request.from, zone).slice(0, 10)}` }, all.cameraName(id)))))],
        [t("span.legend"), formats.span(request.from, request.to, zone, { seconds: true })],
        [t("evidence.margin.short"), formats.duration(request.margin_s)]))));
}
