/* People: accounts with their roles and scopes, one-time links, and API tokens. */

import { h } from "../dom.js";
import { ask, button, empty, field, head, page as whole, select, status, table, toast } from "../parts.js";
import { ROLES, word, ZONES, zoneWord } from "../words.js";

export async function page(context) {
  const { t, api, me, formats } = context;
  const [users, tokens, institutions] = await Promise.all([api.all("users"), api.all("tokens"), api.all("institutions")]);
  const { invite, addUser, grant, addToken, resetTotp } = deeds(context, institutions);
  const confirm = (title, text, work, done) => ask(context, { title, text, submit: title, danger: true, send: async () => { await work(); toast(done); context.reload(); } });
  const scope = (text) => scopeWords(context, institutions, text);
  const roles = (user) => (user.roles.length ? h("ul", { class: "plain" }, user.roles.map((role) => h("li", {}, word(context, "role", role.role), " · ", scope(role.scope),
    role.expires ? h("span", { class: "muted small" }, ` · ${t("people.until", { day: formats.day(role.expires) })}`) : null, role.in_force ? null : h("span", {}, " ", status("mute", t("people.expired"))),
    user.state === "active" ? button(t("people.take"), () => confirm(t("people.take"), t("people.take.text", { role: word(context, "role", role.role), name: user.name }), () => api.post(`users/${user.id}/roles/revoke`, { revoke: role.role, scope: role.scope }), t("common.saved")), "quiet small", { "aria-label": t("people.take.one", { role: word(context, "role", role.role), name: user.name }) }) : null))) : h("span", { class: "muted" }, t("people.no-role")));
  return whole(head(t("nav.people"), { lead: t("people.lead"), actions: [button(t("people.add"), addUser, "main")] }),
    table(context, {
      caption: t("people.accounts"), hidden: false, rows: users, none: empty(t("people.none"), t("people.none.text")),
      columns: [
        { title: t("people.name"), head: true, cell: (row) => [row.name, h("br"), h("span", { class: "muted small" }, h("code", {}, row.id), row.post ? ` · ${row.post}` : "")] },
        { title: t("people.roles"), cell: roles },
        { title: t("evidence.state"), cell: (row) => [status(row.state === "active" ? (row.signed_up === false ? "warn" : "good") : "mute", row.state === "active" ? (row.signed_up === false ? t("people.state.invited") : t("people.state.active")) : t("people.state.disabled"))] },
        { title: "", cell: (row) => (row.state !== "active" ? null : h("div", { class: "row" }, button(t("people.grant"), () => grant(row), "small"), button(t("people.invite"), () => invite(row), "small"),
          row.id !== me.user && button(t("people.totp-reset"), () => resetTotp(row), "small"), row.id !== me.user && button(t("people.disable"), () => confirm(t("people.disable"), t("people.disable.text", { name: row.name }), () => api.post(`users/${row.id}/disable`), t("people.disabled")), "small danger"))) },
      ],
    }),
    h("section", { class: "stack" }, h("div", { class: "row apart" }, h("h2", {}, t("people.tokens")), button(t("people.token.add"), () => addToken(users))), h("p", { class: "muted" }, t("people.tokens.text")),
      table(context, {
        caption: t("people.tokens"), rows: tokens, none: empty(t("people.no-tokens"), null),
        columns: [
          { title: t("people.token"), head: true, cell: (row) => [row.label || t("people.token.unnamed"), h("br"), h("code", { class: "muted small" }, row.id)] },
          { title: t("people.name"), cell: (row) => row.user },
          { title: t("people.scope"), cell: (row) => scope(row.scope) },
          { title: t("people.until.field"), cell: (row) => formats.time(row.expires, undefined, { only: "day" }) },
          { title: t("people.used"), cell: (row) => (row.last_used ? formats.time(row.last_used) : t("people.never")) },
          { title: t("evidence.state"), cell: (row) => status(row.state === "active" ? "good" : "mute", t(`token.${row.state}`)) },
          { title: "", cell: (row) => (row.state === "active" ? button(t("people.token.revoke"), () => confirm(t("people.token.revoke"), t("people.token.revoke.text"), () => api.delete(`tokens/${row.id}`), t("people.token.revoked")), "small danger") : null) },
        ],
      })));
}

/** A scope in words: everything, a region, an institution, a zone. */
function scopeWords(context, institutions, text) {
  const [kind, name] = text.split(/:(.*)/s);
  if (kind === "institution") return institutions.find((one) => one.id === name)?.name ?? name;
  return kind === "all" ? context.t("scope.all") : kind === "zone" ? zoneWord(context, name) : name;
}

/** What can be done with people; each in a dialog. */
function deeds(context, institutions) {
  const { t, api, formats, reload } = context;
  const scopes = (name = "scope") => field(t("people.scope"), select([["all", t("scope.all")], ...institutions.map((one) => [`institution:${one.id}`, one.name]),
    ...[...new Set(institutions.map((one) => one.region).filter(Boolean))].map((region) => [`region:${region}`, `${t("institutions.region")}: ${region}`]),
    ...ZONES.map((zone) => [`zone:${zone}`, `${t("camera.zone")}: ${zoneWord(context, zone)}`])], "all", { name }));
  const role = (none) => field(t("people.role"), select([...(none ? [["", t("people.no-role")]] : []), ...ROLES.map((one) => [one, word(context, "role", one)])], none ? "" : "viewer", { name: "role" }), { hint: t("people.role.hint") });
  const until = () => field(t("people.until.field"), { type: "date", name: "expires" }, { hint: t("people.until.hint") });
  const end = (day) => (day ? { expires: formats.toUtc(`${day}T23:59:59`) } : {});
  /** Show once what cannot be shown again. */
  const secret = (title, text, value) => ask(context, { title, text: [text, h("input", { readonly: true, value, class: "mono", "aria-label": title, onfocus: (event) => event.target.select() }),
    button(t("common.copy"), async () => { try { await navigator.clipboard.writeText(value); toast(t("common.copied")); } catch { /* it stands there to be copied by hand */ } })], submit: t("common.close"), only: true });
  async function invite(user) {
    const made = await api.post(`users/${user.id}/invite`);
    await secret(t("people.link"), t("people.link.text", { name: user.name }), new URL(made.link, location.origin).href);
    reload();
  }
  const addUser = () => ask(context, {
    title: t("people.add"), submit: t("people.add.do"),
    fields: [field(t("people.name"), { name: "name", required: true, maxlength: 200 }), field(t("people.post"), { name: "post", maxlength: 200 }), field(t("people.id"), { name: "id", pattern: "[a-z0-9][a-z0-9\\-]{1,40}", "data-wrong": t("form.id"), autocapitalize: "none", spellcheck: "false" }, { hint: t("people.id.hint") }), role(true), scopes(), until()],
    send: async ({ name, post, id, role: given, scope, expires }) => {
      const made = await api.post("users", { name, ...(post && { post }), ...(id && { id }), ...(given && { role: given, scope, ...end(expires) }) });
      setTimeout(() => invite(made), 0);
    },
  });
  const grant = (user) => ask(context, {
    title: t("people.grant.one", { name: user.name }), submit: t("people.grant.do"), fields: [role(false), scopes(), until()],
    send: async ({ role: given, scope, expires }) => { await api.post(`users/${user.id}/roles`, { grant: given, scope, ...end(expires) }); toast(t("common.saved")); reload(); },
  });
  const addToken = (users) => ask(context, {
    title: t("people.token.add"), submit: t("people.token.do"),
    fields: [field(t("people.name"), select(users.filter((one) => one.state === "active").map((one) => [one.id, one.name]), "", { name: "user" })), field(t("people.token.label"), { name: "label", maxlength: 200 }, { hint: t("people.token.label.hint") }), scopes(), until()],
    send: async ({ user, label, scope, expires }) => {
      const made = await api.post("tokens", { user, label, scope, ...end(expires) });
      setTimeout(async () => { await secret(t("people.token"), t("people.token.once"), made.token); reload(); }, 0);
    },
  });
  const resetTotp = (user) => ask(context, {
    title: t("people.totp-reset"), text: t("people.totp-reset.text", { name: user.name }), submit: t("people.totp-reset"), danger: true,
    send: async () => { const answer = await api.post(`users/${user.id}/totp-reset`); toast(answer.state === "reset" ? t("people.totp-reset.done") : t("people.totp-reset.asked")); },
  });
  return { invite, addUser, grant, addToken, resetTotp };
}
