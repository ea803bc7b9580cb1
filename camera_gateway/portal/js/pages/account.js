/* My account: password, second factor, open sessions, language, and what I may do. */

import { h } from "../dom.js";
import { ask, button, card, facts, field, form, head, later, page as whole, select, status, table, tag, toast } from "../parts.js";
import { enrolment, recoveryCodes } from "../enrol.js";
import { LANGUAGES } from "../i18n.js";
import { purposeLine } from "../purpose.js";
import { word } from "../words.js";

export async function page(context) {
  const { t, api, me, formats, setLanguage, reload } = context;
  const code = () => field(t("sign-in.code"), { name: "code", inputmode: "numeric", autocomplete: "one-time-code", required: true, maxlength: 24 }, { hint: t("sign-in.code.hint") });
  const password = form(context, {
    submit: t("account.password.do"),
    async send(values, element) {
      if (values.password !== values.again) throw new Error(t("welcome.differ"));
      const answer = await api.post("me/password", { old: values.old, new: values.password, ...(values.code && { code: values.code }) });
      if (answer?.csrf) api.csrf = answer.csrf;
      await context.refreshMe();
      element.reset();
      toast(t("account.password.changed"));
    },
  }, field(t("account.password.old"), { name: "old", type: "password", autocomplete: "current-password", required: true }),
  field(t("welcome.password"), { name: "password", type: "password", autocomplete: "new-password", required: true, minlength: 12, "data-wrong": t("welcome.short") }, { hint: t("welcome.password.hint") }),
  field(t("welcome.again"), { name: "again", type: "password", autocomplete: "new-password", required: true }), code());
  const renew = () => ask(context, {
    title: t("account.totp.renew"), text: t("account.totp.renew.text"), submit: t("common.next"), fields: [code()],
    send: async (values) => { setTimeout(() => ask(context, { title: t("account.totp.renew"), text: enrolment(context, () => { document.querySelector("dialog")?.close(); reload(); }, { code: values.code }), submit: t("common.close"), only: true }), 0); },
  });
  const codes = () => ask(context, {
    title: t("account.codes"), text: t("account.codes.text"), submit: t("account.codes.do"), fields: [code()],
    send: async (values) => {
      const made = await api.post("me/recovery-codes", { code: values.code });
      setTimeout(() => ask(context, { title: t("account.codes"), text: recoveryCodes(context, made.recovery_codes, () => document.querySelector("dialog")?.close()), submit: t("common.close"), only: true }), 0);
    },
  });
  return whole(head(t("nav.account"), { lead: me.name }),
    h("div", { class: "grid two" },
      card(t("account.me"), facts([t("sign-in.user"), h("code", {}, me.user)],
        [t("people.roles"), me.roles?.length ? h("ul", { class: "plain" }, me.roles.map((role) => h("li", {}, word(context, "role", role.role ?? role), role.scope ? [" · ", tag(role.scope === "all" ? t("scope.all") : role.scope)] : null, role.expires ? h("span", { class: "muted small" }, ` · ${t("people.until", { day: formats.day(role.expires) })}`) : null))) : t("people.no-role")],
        [t("account.zone"), formats.zoneName(formats.here)]),
      field(t("nav.language"), select(Object.entries(LANGUAGES), context.language, { onchange: (event) => setLanguage(event.target.value) })), purposeLine(context)),
      card(t("account.totp"), status(me.totp ? "good" : "bad", me.totp ? t("account.totp.on") : t("account.totp.off")), h("p", { class: me.recovery_codes_left < 3 ? "" : "muted" }, t("account.codes.left", { count: me.recovery_codes_left })), h("div", { class: "row" }, button(t("account.totp.renew"), renew), button(t("account.codes"), codes))),
      card(t("account.password"), password),
      card(t("account.sessions"), later(context, async () => table(context, {
        caption: t("account.sessions"), rows: (await api.get("me/sessions")).items,
        columns: [
          { title: t("account.session.where"), head: true, cell: (row) => [row.address, row.this_one ? [" ", tag(t("account.session.this"))] : null, h("br"), h("span", { class: "muted small" }, (row.agent ?? "").slice(0, 80))] },
          { title: t("account.session.used"), cell: (row) => formats.time(row.last_used) },
          { title: "", cell: (row) => (row.this_one ? null : button(t("account.session.end"), async () => { await api.delete(`me/sessions/${row.id}`); toast(t("account.session.ended")); reload(); }, "small")) },
        ],
      }), { lines: 3 }))));
}
