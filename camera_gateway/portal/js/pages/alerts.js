/* Alerts: what is open, who has seen it, who was told and whether the message went out. */

import { h } from "../dom.js";
import { ask, button, check, empty, field, head, page as whole, status, table, tabs, toast } from "../parts.js";
import { person, word } from "../words.js";
import { places } from "../places.js";

const EVERY_MS = 30_000;
const MANY = 4;
const GRAVITY = { critical: "bad", warning: "warn", info: "info" };
/** The pages about trouble, which belong together. */
export const alertTabs = ({ t }, here) => tabs(t("alerts.places"), [["/alerts", t("alerts.title")], ["/alerts/outages", t("outages.title")], ["/alerts/maintenance", t("maintenance.title")]], here);

export async function page(context) {
  const { t, api, may, query, setQuery, reload, refresh, onLeave, formats } = context;
  const past = query.get("past") === "1";
  const timer = setTimeout(refresh, EVERY_MS);
  onLeave(() => clearTimeout(timer));
  const [alerts, all] = await Promise.all([api.all("alerts", { open: past ? null : true }, 500), places(api, { retired: true })]);
  const order = ["critical", "warning", "info"];
  const rows = [...alerts].sort((a, b) => Boolean(a.resolved_at) - Boolean(b.resolved_at) || order.indexOf(a.severity) - order.indexOf(b.severity) || b.opened_at.localeCompare(a.opened_at));
  const open = rows.filter((row) => !row.resolved_at);
  const acknowledge = async (row, event) => {
    event.target.setAttribute("aria-busy", "true");
    await api.post(`alerts/${row.number}/acknowledged`).then(() => toast(t("alerts.acknowledged")), (problem) => toast(problem.message));
    reload();
  };
  const zone = (row) => all.zoneOfInstitution(row.institution);
  const counts = order.map((severity) => [severity, open.filter((row) => row.severity === severity).length]).filter(([, count]) => count);
  return whole(
    head(t("alerts.title"), { lead: open.length ? t("alerts.open-count", { count: open.length }) : t("alerts.lead"), actions: [may("health.see") && button(t("alerts.test"), () => test(context))] }),
    alertTabs(context, "/alerts"),
    h("div", { class: "row apart" }, h("div", { class: "row" }, counts.map(([severity, count]) => status(GRAVITY[severity], `${t(`alert-severity.${severity}`)}: ${formats.number(count)}`))),
      check(t("alerts.past"), { checked: past, onchange: (event) => { setQuery({ past: event.target.checked ? 1 : null }); reload(); } })),
    table(context, { caption: t("alerts.title"), rows, sortable: true, none: empty(t("alerts.none"), t("alerts.none.text")), columns: [
      { title: t("alerts.severity"), cell: (row) => (row.resolved_at ? status("good", t("alerts.resolved")) : status(GRAVITY[row.severity] ?? "warn", word(context, "alert-severity", row.severity))), sort: (row) => order.indexOf(row.severity) },
      { title: t("alerts.what"), head: true, cell: (row) => [word(context, "alert", row.code), h("span", { class: "small block" }, subject(context, row, all))] },
      { title: t("alerts.since"), cell: (row) => [formats.time(row.opened_at, zone(row)), h("span", { class: "muted small block" }, formats.duration((Date.parse(row.resolved_at ?? new Date().toISOString()) - Date.parse(row.opened_at)) / 1000))], sort: (row) => row.opened_at },
      { title: t("alerts.seen"), cell: (row) => (row.acknowledged_at ? [status("good", person(context, row.acknowledged_by)), h("span", { class: "muted small block" }, formats.time(row.acknowledged_at, zone(row)))] : row.resolved_at ? "–" : [h("span", { class: "muted" }, t("alerts.nobody")), row.level > 1 && h("span", { class: "small block" }, t("alerts.level", { level: row.level }))]) },
      { title: t("alerts.notices"), cell: (row) => notices(context, row, zone(row)) },
      { title: "", cell: (row) => (row.resolved_at || row.acknowledged_at || !may("coverage.see") ? null : button(t("alerts.acknowledge"), (event) => acknowledge(row, event), "small")) },
    ] }));
}

/** What an alert is about, as links where there are pages, and the figures that belong to it. */
function subject(context, row, all) {
  const { t, formats } = context;
  const { cameras = [], count, what, hours, percent, days, rule } = row.detail;
  const [kind, id] = row.subject.split(":");
  const named = kind === "camera" && !cameras.length ? [id] : cameras;
  const about = named.length > MANY ? t("pick.count", { count: count ?? named.length })
    : named.length ? named.map((one, i) => [i ? ", " : "", h("a", { href: `/cameras/${encodeURIComponent(one)}` }, all.cameraName(one))])
      : kind === "site" ? all.sites.find((one) => one.id === id)?.name ?? id : kind.startsWith("incident-") ? h("a", { href: "/incidents" }, kind.replace("incident-", "№ ")) : kind === "installation" ? null : id ?? kind;
  const figures = [hours !== undefined && formats.duration(hours * 3600), percent !== undefined && formats.percent(percent / 100), days !== undefined && t("retention.days", { count: days }), rule, what && word(context, "impairment", what)];
  return [about, row.outage && [" ", h("a", { class: "small", href: "/alerts/outages" }, t("alerts.outage"))], h("span", { class: "muted small block" }, [row.institution && all.nameOf(row.institution), ...figures].filter(Boolean).join(" · "))];
}

function notices(context, row, zone) {
  const { t, formats } = context;
  const list = row.notices ?? [];
  if (!list.length) return h("span", { class: "muted" }, t("alerts.no-notice"));
  const failed = list.filter((one) => !one.sent);
  const line = (one) => h("li", { class: "small" }, status(one.sent ? "good" : "bad", `${word(context, "notice", one.kind)} · ${one.channel}`), h("span", { class: "muted block" }, formats.time(one.at, zone, { seconds: true }), one.error && h("span", { lang: "en" }, ` · ${one.error}`)));
  return [failed.length ? status("bad", t("alerts.not-sent", { count: failed.length })) : status("good", t("alerts.sent", { count: list.length })), h("details", {}, h("summary", {}, t("alerts.show-notices")), h("ul", { class: "plain" }, list.map(line)))];
}

function test(context) {
  const { t, api } = context;
  return ask(context, { title: t("alerts.test"), text: t("alerts.test.text"), submit: t("alerts.test.do"),
    fields: [field(t("alerts.channel"), { name: "channel", required: true, maxlength: 64, spellcheck: "false" })],
    send: async ({ channel }) => { const tried = await api.post("alerts/test", { channel }); if (!tried.sent) throw new Error(tried.error); toast(t("alerts.tested")); } });
}
