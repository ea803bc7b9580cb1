/* The audit log: who did what to which thing, and the proof that no line was changed or dropped. */

import { fill, h } from "../dom.js";
import { button, empty, field, head, link, note, paged, page as whole, select, table } from "../parts.js";
import { person, word } from "../words.js";

export async function page(context) {
  const { t, api, query, setQuery, formats } = context;
  const chosen = { actor: query.get("actor") ?? "", action: query.get("action") ?? "", from: query.get("from") ?? "", to: query.get("to") ?? "" };
  const place = h("div", {});
  const proof = h("div", { "aria-live": "polite" });
  function draw() {
    const asked = { ...chosen, from: chosen.from ? formats.toUtc(`${chosen.from}T00:00:00`) : null, to: chosen.to ? formats.toUtc(`${chosen.to}T23:59:59`) : null };
    fill(place, paged(context, (cursor) => api.get("audit", { ...asked, limit: 100, cursor }), (rows) => table(context, {
      caption: t("nav.audit"), rows, none: empty(t("audit.none"), t("audit.none.text")),
      columns: [
        { title: "№", head: true, cell: (row) => formats.number(row.number) },
        { title: t("audit.at"), cell: (row) => formats.time(row.at, undefined, { seconds: true }) },
        { title: t("audit.actor"), cell: (row) => person(context, row.actor) },
        { title: t("audit.action"), cell: (row) => word(context, "action", row.action) },
        { title: t("audit.object"), cell: (row) => object(row.object) },
        { title: t("audit.details"), cell: (row) => details(context, row) },
      ],
    })));
  }
  const choose = (name, value) => { chosen[name] = value; setQuery({ [name]: value }); draw(); };
  const actions = Object.keys(context.texts.all ?? {}).filter((key) => key.startsWith("action.")).map((key) => key.slice(7));
  const form = h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
    field(t("audit.from"), { type: "date", value: chosen.from, onchange: (event) => choose("from", event.target.value) }),
    field(t("audit.to"), { type: "date", value: chosen.to, onchange: (event) => choose("to", event.target.value) }),
    field(t("audit.actor"), { type: "search", value: chosen.actor, placeholder: "session:…", spellcheck: "false", onchange: (event) => choose("actor", event.target.value.trim()) }),
    field(t("audit.action"), select([["", t("common.all")], ...actions.map((one) => [one, word(context, "action", one)])], chosen.action, { onchange: (event) => choose("action", event.target.value) })));
  const verify = async (event) => {
    event.target.setAttribute("aria-busy", "true");
    try {
      const found = await api.get("audit/verify");
      fill(proof, found.ok ? note("good", t("audit.whole"), t("audit.whole.text", { count: found.rows }), h("code", { class: "hash" }, found.head)) : note("bad", t("audit.broken"), t("audit.broken.text", { number: found.broken_at })));
    } catch (problem) {
      fill(proof, note("warn", problem.message, problem.hint));
    }
    event.target.removeAttribute("aria-busy");
  };
  draw();
  return whole(head(t("nav.audit"), { lead: t("audit.lead"), actions: [link("/audit/viewings", t("viewings.title")), button(t("audit.verify"), verify)] }), proof, form, place);
}

/** "camera:hall-1" leads to the camera. */
function object(name) {
  const [kind, id] = name.split(/:(.*)/s);
  const address = { camera: `/cameras/${id}`, institution: `/institutions/${id}`, request: `/evidence/${id}` }[kind];
  return address && id ? h("a", { href: address }, id) : h("span", {}, id || name);
}

function details({ t }, row) {
  const entries = Object.entries(row.details ?? {});
  if (!entries.length) return "–";
  const text = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));
  const lines = h("dl", { class: "details small" }, entries.map(([name, value]) => [h("dt", {}, name), h("dd", {}, text(value))]));
  return entries.length <= 2 && entries.every(([, value]) => text(value).length < 60) ? lines : h("details", {}, h("summary", {}, t("audit.more", { count: entries.length })), lines);
}
