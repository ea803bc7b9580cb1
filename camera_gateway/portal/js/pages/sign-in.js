/* Sign-in: name and password, then the code of the second factor. */

import { h } from "../dom.js";
import { field, form, head, narrow, note, wrong } from "../parts.js";

/** Only an address of this portal may be returned to. */
const returnTo = (next) => (next && next.startsWith("/") && !next.startsWith("//") ? next : "/today");

export async function page(context) {
  const { t, api, go, query, signIn } = context;
  const code = field(t("sign-in.code"), { name: "code", inputmode: "numeric", autocomplete: "one-time-code", autocapitalize: "none", spellcheck: "false", maxlength: 20 }, { hint: t("sign-in.code.hint") });
  const box = form(context, {
    submit: t("sign-in.do"),
    async send({ user, password, code: given }) {
      try {
        await api.post("session", { user, password, ...(given && { code: given }) }, { quiet: true });
      } catch (problem) {
        if (problem.code !== "totp-needed") throw problem;
        wrong(code.querySelector("input"), t("sign-in.code.needed"));
        code.querySelector("input").focus();
        return;
      }
      await signIn();
      go(returnTo(query.get("next")), { replace: true });
    },
  },
  field(t("sign-in.user"), { name: "user", autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false", "data-first": true }),
  field(t("sign-in.password"), { name: "password", type: "password", autocomplete: "current-password", required: true }), code);
  return narrow(h("div", { class: "card" }, head(t("sign-in.title")), query.get("next") ? note("info", t("sign-in.needed")) : null, box, h("p", { class: "small muted" }, t("sign-in.no-account"))));
}
