/* Numbers, sizes, lengths and times as people of the language write them. Times are shown in the site's zone. */

import { h } from "./dom.js";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];
/** Chromium is built without Kazakh: its words for days and months are ours, in every browser. */
const KAZAKH = {
  months: ["қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым", "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан"],
  days: ["жексенбі", "дүйсенбі", "сейсенбі", "сәрсенбі", "бейсенбі", "жұма", "сенбі"],
  short: ["жс", "дс", "сс", "ср", "бс", "жм", "сб"],
};
/** The zone for what belongs to no site: the browser's. */
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function makeFormats({ language, locale, t, number }) {
  const kazakh = language === "kk";
  const known = new Map();
  function format(options) {
    const key = JSON.stringify(options);
    if (!known.has(key)) known.set(key, new Intl.DateTimeFormat(locale, { hourCycle: "h23", ...options }));
    return known.get(key);
  }
  const DAY = { day: "2-digit", month: "2-digit", year: "numeric" };
  const CLOCK = { hour: "2-digit", minute: "2-digit" };

  function zoneName(zone, at = new Date()) {
    const offset = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" })
      .formatToParts(at).find((part) => part.type === "timeZoneName").value.replace("GMT", "UTC");
    return `${(zone.split("/").at(-1) ?? zone).replaceAll("_", " ")}, ${offset === "UTC" ? "UTC+00:00" : offset}`;
  }
  const formats = {
    number: (value, digits = 0) => value === null || value === undefined ? "–"
      : new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value),
    percent: (ratio, digits = 1) => ratio === null || ratio === undefined ? "–"
      : new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: digits })
        // 99.97 % is not 100 %: what is missing must not be rounded away
        .format(ratio < 1 ? Math.min(ratio, 1 - 10 ** -(digits + 2)) : ratio),
    bytes(value) {
      if (value === null || value === undefined) return "–";
      let unit = 0;
      let rest = value;
      while (rest >= 1000 && unit < UNITS.length - 1) { rest /= 1000; unit += 1; }
      return `${formats.number(rest, unit && rest < 100 ? 1 : 0)} ${t(`unit.${UNITS[unit]}`)}`;
    },
    /** Seconds as "2 d 3 h", "4 min 10 s", "0.4 s": the two largest units. */
    duration(seconds) {
      if (seconds === null || seconds === undefined) return "–";
      if (seconds < 10 && seconds % 1) return `${formats.number(seconds, 1)} ${t("unit.s")}`;
      let rest = Math.round(seconds);
      const parts = [];
      for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
        const count = Math.floor(rest / size);
        if (count || (unit === "s" && !parts.length)) parts.push(`${formats.number(count)} ${t(`unit.${unit}`)}`);
        else if (parts.length) break;
        rest -= count * size;
        if (parts.length === 2) break;
      }
      return parts.join(" ");
    },
    zoneName,
    here: HERE,
    day: (at, zone = HERE) => format({ ...DAY, timeZone: zone }).format(new Date(at)),
    longDay(at, zone = HERE) {
      if (!kazakh) return format({ weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: zone }).format(new Date(at));
      const [year, month, day] = formats.toLocal(at, zone).slice(0, 10).split("-").map(Number);
      return `${year} ж. ${day} ${KAZAKH.months[month - 1]}, ${KAZAKH.days[new Date(Date.UTC(year, month - 1, day)).getUTCDay()]}`;
    },
    /** "2026-11" as a heading. */
    month: (name) => (kazakh ? `${name.slice(0, 4)} ж. ${KAZAKH.months[Number(name.slice(5)) - 1]}` : format({ month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(`${name}-01T12:00Z`))),
    /** The days of the week in short, from Monday. */
    weekdays: Array.from({ length: 7 }, (_, i) => (kazakh ? KAZAKH.short[(i + 1) % 7] : new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, 1 + i))))),
    clock: (at, zone = HERE, seconds = false) => format({ ...CLOCK, ...(seconds && { second: "2-digit" }), timeZone: zone }).format(new Date(at)),
    moment: (at, zone = HERE, seconds = false) => `${formats.day(at, zone)} ${formats.clock(at, zone, seconds)}`,
    /** A <time>: the site's zone in the text, UTC and the zone's name in the hint. */
    time(at, zone = HERE, { seconds = false, only } = {}) {
      if (!at) return "–";
      const date = new Date(at);
      const text = only === "clock" ? formats.clock(date, zone, seconds) : only === "day" ? formats.day(date, zone) : formats.moment(date, zone, seconds);
      return h("time", { datetime: date.toISOString(), title: `${date.toISOString().replace("T", " ").replace(/\.\d+Z$/, "")} UTC · ${zoneName(zone, date)}` }, text);
    },
    /** From–to, with the day once where it is the same. */
    span(from, to, zone = HERE, options) {
      if (!to) return [formats.time(from, zone, options), " – ", t("time.open")];
      const same = formats.day(from, zone) === formats.day(to, zone);
      return [formats.time(from, zone, options), " – ", formats.time(to, zone, { ...options, only: same ? "clock" : undefined })];
    },
    ago(at, now = Date.now()) {
      const seconds = Math.max(0, (now - new Date(at)) / 1000);
      return seconds < 5 ? t("time.now") : t("time.ago", { span: formats.duration(seconds < 60 ? seconds : seconds - (seconds % 60)) });
    },
    /** Wall time of a zone ("2026-11-22T14:03", as <input type=datetime-local> has it) as RFC 3339 in UTC. */
    toUtc(local, zone = HERE) {
      const wanted = Date.parse(`${local.length === 16 ? `${local}:00` : local}Z`);
      if (Number.isNaN(wanted)) return null;
      let guess = wanted;
      for (let i = 0; i < 3; i += 1) guess += wanted - Date.parse(`${formats.toLocal(guess, zone)}Z`);
      return new Date(guess).toISOString();
    },
    /** The wall time of a zone as <input type=datetime-local step=1> has it. */
    toLocal(at, zone = HERE) {
      const parts = Object.fromEntries(new Intl.DateTimeFormat("en-GB", {
        year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone,
      }).formatToParts(new Date(at)).map((part) => [part.type, part.value]));
      return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`;
    },
    list: (items) => (kazakh && items.length > 1 ? `${items.slice(0, -1).join(", ")} және ${items.at(-1)}` : new Intl.ListFormat(locale, { type: "conjunction" }).format(items)),
    compare: new Intl.Collator(locale, { numeric: true }).compare,
    plain: number,
  };
  return formats;
}
