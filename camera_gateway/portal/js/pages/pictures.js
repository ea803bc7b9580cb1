/* The pictures of one camera: what each look found, and what is wrong, beside the reference that a person approved. */

import { fill, h } from "../dom.js";
import { button, card, empty, head, link, note, page as whole, status, table, toast } from "../parts.js";
import { demandPurpose } from "../purpose.js";
import { RESTRICTED, word, zoneWord } from "../words.js";
import { places } from "../places.js";
import { Problem } from "../api.js";

const DAY_MS = 86_400_000;
const SOME = 12;

export async function page(context) {
  const { t, api, may, params, query, formats, reload } = context;
  const path = `cameras/${encodeURIComponent(params.camera)}`;
  const to = Date.now();
  const span = { from: new Date(to - 7 * DAY_MS).toISOString(), to: new Date(to).toISOString() };
  const [found, all] = await Promise.all([api.get(`${path}/looks`, span), places(api, { retired: true })]);
  const camera = all.camera(params.camera);
  if (!camera) throw new Problem(404, { code: "not-found" });
  const zone = all.zoneOf(camera);
  const looks = [...found.looks].reverse();
  const seen = looks.find((one) => one.outcome === "looked");
  const open = found.impairments.filter((one) => !one.to);
  const manage = may("camera.manage");
  const reference = (name, picture, words) => h("figure", { class: "first-picture" }, h("img", { class: "reference", src: `${api.url(path)}/${name}`, alt: t("camera.reference", { name: camera.name }) }),
    h("figcaption", { class: "muted small" }, words, " ", formats.time(picture.approved_at ?? picture.taken_at, zone)));
  const approve = async () => { await api.post(`${path}/night-reference/approve`, { sha256: found.night_proposed.sha256 }); toast(t("common.saved")); reload(); };
  const look = async (event) => {
    event.target.setAttribute("aria-busy", "true");
    await api.post(`${path}/looks`).then(reload, (problem) => { event.target.removeAttribute("aria-busy"); toast([problem.message, problem.hint].filter(Boolean).join(". ")); });
  };
  return whole(
    head(`${camera.name} · ${t("camera.pictures")}`, { trail: [t("camera.back"), `/cameras/${camera.id}`], lead: `${zoneWord(context, camera.zone)} · ${all.nameOf(camera.institution)}`, actions: [may("health.see") && camera.state !== "retired" && button(t("pictures.look"), look)] }),
    open.length ? note("bad", t("pictures.wrong"), null, h("ul", { class: "plain" }, open.map((one) => h("li", {}, word(context, "impairment", one.kind), h("span", { class: "muted small block" }, t("pictures.since", { at: formats.moment(one.from, zone), precision: formats.duration(one.precision_s) }))))))
      : seen ? note(seen.unknown.length ? "info" : "good", t(seen.unknown.length ? "pictures.partly" : "pictures.fine"), t("pictures.last", { at: formats.moment(seen.at, zone) })) : note("info", t("pictures.none"), t("pictures.none.text")),
    h("div", { class: "beside" },
      card(t("pictures.reference"), found.reference && manage ? reference("passport/reference.jpg", found.reference, t("passport.approved"))
        : empty(t("pictures.no-reference"), t(found.reference ? "pictures.reference-hidden" : "pictures.no-reference.text"))),
      manage && (found.night || found.night_proposed) ? card(t("pictures.night"), found.night && reference("night-reference.jpg", found.night, t("passport.approved")),
        found.night_proposed && h("div", { class: "stack" }, reference("night-reference.jpg?proposed=true", found.night_proposed, t("passport.proposed")), h("div", { class: "row" }, button(t("passport.approve"), approve, "main small")))) : null,
      card(t("pictures.latest"), stillOf(context, camera, query.get("at") ?? seen?.picture_at ?? seen?.at, zone))),
    found.impairments.length ? table(context, { caption: t("pictures.impairments"), hidden: false, rows: [...found.impairments].reverse(), columns: [
      { title: t("pictures.kind"), head: true, cell: (row) => status(row.to ? "mute" : "bad", word(context, "impairment", row.kind)) },
      { title: t("coverage.when"), cell: (row) => formats.span(row.from, row.to, zone) },
      { title: t("pictures.precision"), cell: (row) => `± ${formats.duration(row.precision_s)}` },
      { title: t("finding.evidence"), cell: (row) => figures(context, row.evidence) },
      { title: "", cell: (row) => link(`/cameras/${camera.id}?${new URLSearchParams({ day: formats.toLocal(row.from, zone).slice(0, 10), at: row.from })}`, t("pictures.footage"), "small") },
    ] }) : null,
    looks.length ? table(context, { caption: t("pictures.looks"), hidden: false, rows: looks.slice(0, SOME), columns: [
      { title: t("pictures.at"), head: true, cell: (row) => h("a", { href: `/cameras/${camera.id}/pictures?at=${encodeURIComponent(row.picture_at ?? row.at)}` }, formats.time(row.at, zone)) },
      { title: t("pictures.outcome"), cell: (row) => [verdicts(context, row), row.unknown?.length > 0 && h("span", { class: "muted small block" }, t("pictures.untold", { what: formats.list(row.unknown.map((one) => word(context, "impairment", one))) }))] },
      { title: t("pictures.measured"), cell: (row) => figures(context, row.measured) },
    ] }) : null);
}

const verdicts = (context, row) => (row.verdicts.length ? row.verdicts.map((one) => status("bad", word(context, "impairment", one))) : status(row.outcome === "looked" ? "good" : "mute", word(context, "look", row.outcome)));

/** Measured figures by their names; those that are lists of their own are left to the API. */
const figures = ({ formats }, given) => (typeof given === "string" ? h("span", { lang: "en" }, given)
  : h("span", { class: "small", lang: "en" }, Object.entries(given ?? {}).filter(([, value]) => typeof value !== "object").map(([name, value]) => `${name} ${typeof value === "number" ? formats.number(value, 2) : value}`).join(" · ")));

/** A still of a moment: recorded footage, so it is asked what for. */
function stillOf(context, camera, at, zone) {
  const { t, api, may, formats } = context;
  const place = h("div", { class: "stack" });
  if (!at) return empty(t("pictures.none"), t("pictures.none.text"));
  if (!may("footage.view")) return empty(t("pictures.no-right"), t("pictures.no-right.text"));
  const show = async () => {
    if (!(await demandPurpose(context, { restricted: RESTRICTED.has(camera.zone) }))) return;
    const image = h("img", { class: "reference", src: api.url(`cameras/${encodeURIComponent(camera.id)}/still`, { at }), alt: t("pictures.still", { name: camera.name, at: formats.moment(at, zone) }) });
    image.addEventListener("error", () => fill(place, note("warn", t("pictures.no-still"), t("pictures.no-still.text"))));
    fill(place, h("figure", { class: "first-picture" }, image, h("figcaption", { class: "muted small" }, formats.time(at, zone))));
  };
  fill(place, h("div", { class: "screen-invite" }, h("p", {}, t("pictures.purpose")), button(t("pictures.show"), show, "main")));
  if (context.me.purpose && !RESTRICTED.has(camera.zone)) show();
  return place;
}
