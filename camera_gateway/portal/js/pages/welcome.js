/* The way in by a one-time link: a password of one's own, then the second factor. Also where an account lacks the latter. */

import { fill, h } from "../dom.js";
import { enrolment } from "../enrol.js";
import { failure, field, form, head, link, narrow, note } from "../parts.js";

export async function page(context) {
  const { t, api, go, hash, me, signIn } = context;
  const token = new URLSearchParams(hash.replace(/^#\/?(welcome)?\??/, "")).get("token");
  const box = h("div", { class: "card" });
  const enter = async () => { await signIn(); go("/today", { replace: true }); };
  const second = () => fill(box, head(t("welcome.second"), { lead: t("welcome.second.lead") }), enrolment(context, enter));
  if (me && me.totp === false) {
    second();
    return narrow(box);
  }
  if (!token) {
    fill(box, head(t("welcome.title")), note("warn", t("welcome.no-token"), t("welcome.no-token.text")), h("div", { class: "row" }, link("/sign-in", t("sign-in.do"), "main")));
    return narrow(box);
  }
  let known;
  try {
    known = await api.post("welcome/look", { token }, { quiet: true });
  } catch (problem) {
    return failure(context, problem);
  }
  const again = field(t("welcome.again"), { name: "again", type: "password", autocomplete: "new-password", required: true });
  fill(box, head(known.name ? t("welcome.name", { name: known.name }) : t("welcome.title"), { lead: known.first ? t("welcome.first") : t("welcome.lead") }), form(context, {
    submit: t("welcome.do"),
    async send({ password, again: repeated, name, user, code }) {
      if (password !== repeated) throw new Error(t("welcome.differ"));
      const answer = await api.post("welcome", { token, password, ...(name && { name }), ...(user && { user }), ...(code && { code }) }, { quiet: true });
      history.replaceState({}, "", "/welcome"); // the token is used up, and no address should keep it
      api.csrf = answer.csrf;
      await context.refreshMe();
      if (answer.stage === "full") return enter();
      second();
      box.scrollIntoView({ block: "nearest" });
    },
  },
  known.first && field(t("people.name"), { name: "name", required: true, maxlength: 200, autocomplete: "name", "data-first": true }),
  known.first && field(t("sign-in.user"), { name: "user", pattern: "[a-z0-9][a-z0-9\\-]{1,40}", "data-wrong": t("form.id"), autocapitalize: "none", spellcheck: "false", autocomplete: "username" }, { hint: t("people.id.hint") }),
  known.user && h("p", { class: "muted" }, `${t("sign-in.user")}: `, h("code", {}, known.user)),
  field(t("welcome.password"), { name: "password", type: "password", autocomplete: "new-password", required: true, minlength: 12, "data-first": known.first ? null : true, "data-wrong": t("welcome.short") }, { hint: t("welcome.password.hint") }), again,
  known.code_needed && field(t("sign-in.code"), { name: "code", inputmode: "numeric", autocomplete: "one-time-code", required: true, maxlength: 24 }, { hint: t("sign-in.code.hint") })));
  return narrow(box);
}
