/* One camera: what it does, a day of it with the player, how whole its days are, its passport, and what can be done. */

import { fill, h } from "../dom.js";
import { ask, button, card, check, facts, field, head, later, link, note, page as whole, select, table, toast } from "../parts.js";
import { cameraState, RESTRICTED, word, ZONES, zoneWord } from "../words.js";
import { calendar, gapTable, totals } from "../coverage.js";
import { demandPurpose } from "../purpose.js";
import { zoneOf } from "../places.js";
import { probeResult } from "../probe.js";

const DAY_MS = 86_400_000;

export async function page(context) {
  const { t, api, may, params, query, setQuery, formats, reload } = context;
  const path = `cameras/${encodeURIComponent(params.camera)}`;
  const camera = await api.get(path);
  const zone = await zoneOf(api, camera);
  const today = formats.toLocal(Date.now(), zone).slice(0, 10);
  const chosen = { day: /^\d{4}-\d\d-\d\d$/.test(query.get("day") ?? "") ? query.get("day") : today, live: query.get("live") === "1" };
  chosen.month = chosen.day.slice(0, 7);
  const manage = may("camera.manage") && camera.state !== "retired";
  const footage = may("footage.view");
  const seesCoverage = may("coverage.see");
  const bounds = (day) => [formats.toUtc(`${day}T00:00:00`, zone), formats.toUtc(`${new Date(Date.parse(`${day}T12:00Z`) + DAY_MS).toISOString().slice(0, 10)}T00:00:00`, zone)];

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
    const title = new Intl.DateTimeFormat(context.locale, { month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(`${first}T12:00Z`));
    const turn = (to) => () => { chosen.month = to; drawMonth(); };
    fill(month, h("div", { class: "row apart" }, button("‹", turn(before), "quiet", { "aria-label": t("camera.month.before") }), h("h3", {}, title), button("›", turn(next), "quiet", { "aria-label": t("camera.month.next"), disabled: next > today.slice(0, 7) })),
      later(context, async () => {
        const days = await api.get(`${path}/days`, { month: chosen.month });
        const place = h("div", {});
        const draw = () => fill(place, calendar(context, days.days ?? days, { chosen: chosen.day, choose: (day) => { chosen.day = day; setQuery({ day: day === today ? null : day }); draw(); drawDay(); if (!screen.querySelector(".screen-invite")) show({}); } }));
        draw();
        return place;
      }, { lines: 6 }));
  }

  // ---- what can be done ----
  const act = (verb, title, text, done, danger) => ask(context, { title, text, submit: title, danger, send: async () => { await api.post(`${path}/${verb}`); toast(done); reload(); } });
  const actions = [
    may("evidence.request") && link(`/evidence/new?camera=${camera.id}&day=${chosen.day}`, t("evidence.new")),
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
    h("div", { class: seesCoverage ? "grid two" : "grid" }, seesCoverage && card(t("camera.days"), month), h("div", { class: "stack" }, passport(context, camera, zone), care)));
}

function passport(context, camera, zone) {
  const { t, api, formats } = context;
  const device = camera.device ?? {};
  const live = camera.live ?? {};
  const picture = camera.reference_picture ?? camera.passport?.picture;
  const video = live.video && (typeof live.video === "string" ? live.video : [live.video.codec, live.video.width && `${live.video.width} × ${live.video.height}`].filter(Boolean).join(", "));
  return card(t("camera.passport"),
    picture && h("img", { class: "reference", src: typeof picture === "string" ? picture : api.url(`cameras/${camera.id}/picture`), alt: t("camera.reference", { name: camera.name }), loading: "lazy" }),
    facts(
      [t("camera.id"), h("code", {}, camera.id)],
      [t("camera.institution"), h("a", { href: `/institutions/${camera.institution}` }, camera.institution)],
      [t("camera.role"), camera.passport?.role ?? camera.role ?? null],
      [t("camera.place"), camera.passport?.place ?? camera.place ?? null],
      [t("camera.address"), device.url && h("code", {}, device.url)],
      [t("camera.account"), device.username ?? null],
      [t("camera.model"), device.model ?? null],
      [t("camera.serial"), device.serial && h("code", {}, device.serial)],
      [t("camera.mac"), device.mac && h("code", {}, device.mac)],
      [t("camera.firmware"), device.firmware ?? null],
      [t("camera.video"), video ?? null],
      [t("camera.fps"), live.fps ? formats.number(live.fps, 1) : null],
      [t("camera.bitrate"), live.bitrate_bps ? `${formats.number(live.bitrate_bps / 1e6, 1)} ${t("unit.mbps")}` : null],
      [t("camera.clock"), live.clock_offset_s === null || live.clock_offset_s === undefined ? null : t(live.clock_offset_s < 0 ? "camera.clock.slow" : "camera.clock.fast", { span: formats.duration(Math.abs(live.clock_offset_s)) })],
      [t("camera.lost"), live.packets_received ? formats.percent(live.packets_lost / (live.packets_lost + live.packets_received), 3) : null],
      [t("camera.schedule"), camera.schedule?.length ? camera.schedule.join(", ") : t("camera.schedule.always")],
      [t("camera.since"), formats.time(camera.registered_at, zone, { only: "day" })]),
    camera.devices?.length > 1 && table(context, { caption: t("camera.devices"), hidden: false, rows: camera.devices, columns: [
      { title: t("coverage.when"), head: true, cell: (row) => formats.span(row.from, row.to, zone) },
      { title: t("camera.model"), cell: (row) => [row.model, row.serial].filter(Boolean).join(" · ") || "–" },
    ] }));
}

function probeNow(context, path) {
  const { t, api } = context;
  return ask(context, { title: t("camera.probe"), text: later(context, async () => probeResult(context, await api.post(`${path}/probe`)), { lines: 2 }), submit: t("common.close") });
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
