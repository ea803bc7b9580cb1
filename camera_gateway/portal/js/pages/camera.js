/* One camera: what it does, a day of it with the player, how whole its days are, its passport, and what can be done. */

import { fill, h } from "../dom.js";
import { ask, button, card, check, facts, field, head, later, link, note, page as whole, select, table, toast } from "../parts.js";
import { cameraState, person, RESTRICTED, word, ZONES, zoneWord } from "../words.js";
import { Problem } from "../api.js";
import { calendar, dayBounds, daysOf, gapTable, totals } from "../coverage.js";
import { demandPurpose } from "../purpose.js";
import { placeOf } from "../places.js";
import { clockWords, probeResult } from "../probe.js";

const DAY_MS = 86_400_000;
/** As domain/passport.py has them. */
const ROLES = ["overview", "face", "entrance", "exit", "passage", "perimeter", "vehicles", "other"];

export async function page(context) {
  const { t, api, may, params, query, setQuery, formats, reload } = context;
  const path = `cameras/${encodeURIComponent(params.camera)}`;
  const camera = await cameraOf(context, path);
  const { zone, owner } = await placeOf(api, camera);
  const today = formats.toLocal(Date.now(), zone).slice(0, 10);
  const chosen = { day: /^\d{4}-\d\d-\d\d$/.test(query.get("day") ?? "") ? query.get("day") : today, live: query.get("live") === "1" };
  chosen.month = chosen.day.slice(0, 7);
  const manage = may("camera.manage") && camera.state !== "retired";
  const footage = may("footage.view");
  const seesCoverage = may("coverage.see");
  const bounds = (day) => dayBounds(context, day, zone);

  // ---- the picture ----
  const screen = h("div", { class: "screen" });
  const dayTitle = h("h2", {});
  const dayBody = h("div", { class: "stack" });
  async function show(how) {
    const [from, to] = bounds(chosen.day);
    if (!how.live && !(await demandPurpose(context, { restricted: RESTRICTED.has(camera.zone) }))) return;
    try {
      await import("../player/element.js");
    } catch (problem) {
      fill(screen, note("warn", t("player.missing"), t("player.missing.hint")));
      console.warn(problem);
      return;
    }
    const player = document.createElement("footage-player");
    fill(screen, player);
    player.context = context;
    await player.open({ cameras: [{ ...camera, time_zone: zone }], from, to, at: how.at ?? null, live: Boolean(how.live) });
  }
  const invite = () => fill(screen, h("div", { class: "screen-invite" }, h("p", {}, footage ? t("camera.watch.text") : t("camera.live.text")), h("div", { class: "row" },
    may("live.view") && button(t("camera.live"), () => show({ live: true }), "main"), footage && button(t("camera.recorded"), () => show({}), footage && !may("live.view") ? "main" : ""))));
  function drawDay() {
    const [from, to] = bounds(chosen.day);
    fill(dayTitle, formats.longDay(`${chosen.day}T12:00Z`, "UTC"), h("span", { class: "muted small" }, formats.zoneName(zone, new Date(from))));
    if (!seesCoverage) return;
    fill(dayBody, later(context, async () => {
      const found = await api.get(`${path}/coverage`, { from, to });
      return [totals(context, found), found.not_yet_stored && note("info", t("camera.waiting"), t("camera.waiting.text", {
        span: formats.duration(found.not_yet_stored.seconds), bytes: formats.bytes(found.not_yet_stored.bytes), eta: found.not_yet_stored.eta ? formats.moment(found.not_yet_stored.eta, zone) : t("common.unknown") })),
      gapTable(context, found, zone)];
    }));
  }

  // ---- the month ----
  const month = h("div", { class: "stack" });
  function drawMonth() {
    const first = `${chosen.month}-01`;
    const next = new Date(Date.parse(`${first}T12:00Z`) + 32 * DAY_MS).toISOString().slice(0, 7);
    const before = new Date(Date.parse(`${first}T12:00Z`) - 5 * DAY_MS).toISOString().slice(0, 7);
    const title = formats.month(chosen.month);
    const turn = (to) => () => { chosen.month = to; drawMonth(); };
    fill(month, h("div", { class: "row apart" }, button("‹", turn(before), "quiet", { "aria-label": t("camera.month.before") }), h("h3", {}, title), button("›", turn(next), "quiet", { "aria-label": t("camera.month.next"), disabled: next > today.slice(0, 7) })),
      later(context, async () => {
        const days = await daysOf(context, camera, chosen.month, zone, today);
        const place = h("div", {});
        const draw = () => fill(place, calendar(context, days, { chosen: chosen.day, choose: (day) => { chosen.day = day; setQuery({ day: day === today ? null : day }); draw(); drawDay(); if (!screen.querySelector(".screen-invite")) show({}); } }));
        draw();
        return place;
      }, { lines: 6 }));
  }

  // ---- what can be done ----
  const act = (verb, title, text, done, danger) => ask(context, { title, text, submit: title, danger, send: async () => { await api.post(`${path}/${verb}`); toast(done); reload(); } });
  const actions = [
    may("evidence.request") && link(`/evidence/new?camera=${camera.id}&day=${chosen.day}`, t("evidence.new")),
    seesCoverage && link(`/cameras/${camera.id}/pictures`, t("camera.pictures")),
    may("hold.place") && link(`/holds?new=1&camera=${camera.id}`, t("holds.place")),
    may("incident.report") && link(`/incidents?new=1&camera=${camera.id}&institution=${camera.institution}`, t("incidents.report")),
  ];
  const care = manage && card(t("camera.care"), h("div", { class: "row" },
    button(t("camera.probe"), () => probeNow(context, path)),
    button(t("common.change"), () => change(context, path, camera)),
    button(t("camera.replace"), () => replaceDevice(context, path)),
    camera.state === "paused" ? button(t("camera.resume"), () => act("resume", t("camera.resume"), t("camera.resume.text"), t("camera.resumed")))
      : button(t("camera.pause"), () => act("pause", t("camera.pause"), t("camera.pause.text"), t("camera.paused"))),
    button(t("camera.retire"), () => act("retire", t("camera.retire"), t("camera.retire.text"), t("camera.retired"), true), "danger")));

  invite();
  drawDay();
  if (seesCoverage) drawMonth();
  if (chosen.live && may("live.view")) show({ live: true });
  else if (query.get("at") && footage) show({ at: query.get("at") });
  return whole(
    head(camera.name, { trail: [t("nav.cameras"), "/cameras"], lead: [zoneWord(context, camera.zone), RESTRICTED.has(camera.zone) ? ` · ${t("camera.restricted")}` : ""], actions }),
    h("div", { class: "row" }, cameraState(context, camera, { cause: false }), camera.cause && camera.state !== "paused" && h("span", {}, word(context, "cause", camera.cause)), camera.detail && h("span", { class: "muted" }, camera.detail)),
    camera.cause && context.texts.has(`cause.${camera.cause}.do`) && camera.state !== "recording" ? note("warn", t("camera.do"), t(`cause.${camera.cause}.do`)) : null,
    h("section", { class: "card" }, dayTitle, screen, dayBody),
    h("div", { class: seesCoverage ? "grid two" : "grid" }, seesCoverage && card(t("camera.days"), month), h("div", { class: "stack" }, passport(context, camera, zone, owner), care)));
}

/** A camera with all that the user may see of it; who does not see its health knows it from the list. */
async function cameraOf(context, path) {
  const { api, may, params } = context;
  if (may("health.see")) {
    try {
      return await api.get(path);
    } catch (problem) {
      if (problem.status !== 403) throw problem; // the right holds elsewhere, not here
    }
  }
  const found = (await api.all("cameras", { retired: true }, 50000)).find((one) => one.id === params.camera);
  if (!found) throw new Problem(404, { code: "not-found" });
  return found;
}

function passport(context, camera, zone, owner) {
  const { t, may, formats } = context;
  const device = camera.device ?? {};
  const live = camera.live ?? {};
  const place = h("div", { class: "stack" });
  if (may("coverage.see")) fill(place, later(context, () => papers(context, camera, zone), { title: t("camera.passport") }));
  return card(t("camera.passport"), place,
    facts(
      [t("camera.id"), h("code", {}, camera.id)],
      [t("camera.institution"), h("a", { href: `/institutions/${camera.institution}` }, owner.name)],
      [t("camera.address"), device.url && h("code", {}, device.url)],
      [t("camera.account"), device.username ?? null],
      [t("camera.model"), device.model ?? null],
      [t("camera.serial"), device.serial && h("code", {}, device.serial)],
      [t("camera.mac"), device.mac && h("code", {}, device.mac)],
      [t("camera.firmware"), device.firmware ?? null],
      [t("camera.video"), live.video || null],
      [t("camera.fps"), live.fps ? formats.number(live.fps, 1) : null],
      [t("camera.bitrate"), live.bitrate_bps ? `${formats.number(live.bitrate_bps / 1e6, 1)} ${t("unit.mbps")}` : null],
      [t("camera.clock"), clockWords(context, live.clock_offset_s)],
      [t("camera.lost"), live.packets_received ? formats.percent(live.packets_lost / (live.packets_lost + live.packets_received), 3) : null],
      [t("camera.schedule"), camera.schedule ? (camera.schedule.length && camera.schedule.join() !== "daily 00:00-24:00" ? camera.schedule.join(", ") : t("camera.schedule.always")) : null],
      [t("camera.since"), formats.time(camera.registered_at, zone, { only: "day" })]));
}

/** What people wrote of the place, its reference picture, and whether the apparatus is still the same. */
async function papers(context, camera, zone) {
  const { t, api, may, formats, reload } = context;
  const path = `cameras/${encodeURIComponent(camera.id)}/passport`;
  const found = await api.get(path);
  const manage = may("camera.manage") && camera.state !== "retired";
  const picture = (shown, proposed) => h("figure", { class: "first-picture" },
    h("img", { class: "reference", src: api.url(`${path}/reference.jpg`, { proposed: proposed || null }), width: shown.width, height: shown.height, alt: t("camera.reference", { name: camera.name }), loading: "lazy" }),
    h("figcaption", { class: "muted small" }, proposed ? t("passport.proposed") : t("passport.approved"), " ", formats.time(shown.taken_at, zone), ` · ${person(context, shown.approved_by ?? shown.taken_by)}`));
  const take = async (event) => {
    event.target.setAttribute("aria-busy", "true");
    try {
      await api.post(`${path}/picture`);
      reload();
    } catch (problem) {
      event.target.removeAttribute("aria-busy");
      toast([problem.message, problem.hint].filter(Boolean).join(". "));
    }
  };
  const write = () => ask(context, {
    title: t("camera.passport"), submit: t("common.save"),
    fields: [
      field(t("camera.place"), { name: "place", value: found.place, maxlength: 500 }, { hint: t("passport.place.hint") }),
      field(t("camera.role"), select([["", "–"], ...ROLES.map((role) => [role, word(context, "camera-role", role)])], found.role ?? "", { name: "role" })),
      field(t("passport.mounted"), { type: "date", name: "mounted_on", value: found.mounted_on ?? "" }),
      field(t("passport.note"), h("textarea", { name: "note", maxlength: 500, rows: 2 }, found.note)),
    ],
    send: async (values) => { await api.patch(path, values); toast(t("common.saved")); reload(); },
  });
  const settle = () => ask(context, {
    title: t("passport.settle"), text: t("passport.settle.text"), submit: t("passport.settle.do"),
    fields: [field(t("passport.settle.as"), select([["replaced", t("passport.settle.replaced")], ["same", t("passport.settle.same")]], "replaced", { name: "settled_as" })), field(t("holds.reason"), { name: "reason", required: true, maxlength: 200 })],
    send: async (values) => { await api.post(`${path}/settle`, values); toast(t("common.saved")); reload(); },
  });
  const identity = found.identity;
  return [
    identity?.state === "changed" && note("warn", t("passport.changed"), [identity.before, identity.after].filter(Boolean).join(" → "), h("p", { class: "small muted" }, formats.time(identity.noticed_at, zone)), manage && h("div", { class: "row" }, button(t("passport.settle"), settle))),
    may("camera.manage") && found.reference && picture(found.reference, false),
    may("camera.manage") && found.proposed && h("div", { class: "stack" }, picture(found.proposed, true), h("div", { class: "row" }, button(t("passport.approve"), async () => { await api.post(`${path}/approve`, { sha256: found.proposed.sha256 }); toast(t("common.saved")); reload(); }, "main small"))),
    facts([t("camera.place"), found.place || null], [t("camera.role"), found.role ? word(context, "camera-role", found.role) : null], [t("passport.mounted"), found.mounted_on ? formats.day(`${found.mounted_on}T12:00Z`, "UTC") : null], [t("passport.note"), found.note || null]),
    manage && h("div", { class: "row" }, button(t("passport.write"), write, "small"), button(found.reference || found.proposed ? t("passport.picture.again") : t("passport.picture"), take, "small")),
    found.devices.length > 1 && table(context, { caption: t("camera.devices"), hidden: false, rows: found.devices, columns: [
      { title: t("coverage.when"), head: true, cell: (row) => formats.span(row.from, row.to, zone) },
      { title: t("camera.model"), cell: (row) => [row.model, row.serial, row.mac].filter(Boolean).join(" · ") || "–" },
    ] }),
  ];
}

function probeNow(context, path) {
  const { t, api } = context;
  return ask(context, { title: t("camera.probe"), text: later(context, async () => probeResult(context, await api.post(`${path}/probe`)), { lines: 2 }), submit: t("common.close"), only: true });
}

function change(context, path, camera) {
  const { t, api, reload } = context;
  return ask(context, {
    title: t("camera.change"), submit: t("common.save"),
    fields: [
      field(t("camera.name"), { name: "name", required: true, value: camera.name, maxlength: 200 }),
      field(t("camera.zone"), select(ZONES.map((zone) => [zone, zoneWord(context, zone)]), camera.zone, { name: "zone" })),
      field(t("camera.address"), { name: "url", value: camera.device?.url ?? "", required: true, spellcheck: "false", autocapitalize: "none" }),
      field(t("camera.account"), { name: "username", value: camera.device?.username ?? "", autocomplete: "off", spellcheck: "false" }),
      field(t("camera.password"), { name: "password", type: "password", autocomplete: "new-password" }, { hint: t("camera.password.keep") }),
    ],
    send: async ({ name, zone, url, username, password }) => {
      const same = url === camera.device?.url && username === (camera.device?.username ?? "") && !password;
      await api.patch(path, { name, zone, ...(!same && { url, ...(username && { username }), ...(password && { password }) }) });
      toast(t("common.saved"));
      reload();
    },
  });
}

function replaceDevice(context, path) {
  const { t, api, reload } = context;
  return ask(context, {
    title: t("camera.replace"), text: t("camera.replace.text"), submit: t("camera.replace.do"),
    fields: [
      field(t("camera.address"), { name: "url", required: true, placeholder: "rtsp://192.168.10.64/…", spellcheck: "false", autocapitalize: "none" }),
      field(t("camera.account"), { name: "username", autocomplete: "off", spellcheck: "false" }),
      field(t("camera.password"), { name: "password", type: "password", autocomplete: "new-password" }),
      h("div", { class: "fields" }, field(t("camera.model"), { name: "model", maxlength: 100 }), field(t("camera.serial"), { name: "serial", maxlength: 100 }),
        field(t("camera.mac"), { name: "mac", maxlength: 17 }), field(t("camera.firmware"), { name: "firmware", maxlength: 100 })),
      check(t("camera.probe-first"), { name: "probe", checked: true }),
    ],
    send: async ({ probe, ...values }) => {
      const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value));
      await api.post(`${path}/replace`, { ...given, probe: Boolean(probe) });
      toast(t("camera.replaced"));
      reload();
    },
  });
}
