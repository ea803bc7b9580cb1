/* The way in by a one-time link: a password of one's own, then the second factor. Also where an account lacks the latter. */

import { fill, h } from "../dom.js";
import { enrolment } from "../enrol.js";
import { field, form, head, narrow, note, link } from "../parts.js";

export async function page(context) {
  const { t, api, go, hash, me, signIn } = context;
  const token = new URLSearchParams(hash.replace(/^#\/?(welcome\?)?/, "")).get("token") ?? context.query.get("token");
  const box = h("div", { class: "card" });
  const enter = async () => { await signIn(); go("/today", { replace: true }); };
  const second = () => fill(box, head(t("welcome.second"), { lead: t("welcome.second.lead") }), enrolment(context, enter));
  if (me && me.totp === false) second();
  else if (!token) fill(box, head(t("welcome.title")), note("warn", t("welcome.no-token"), t("welcome.no-token.text")), h("div", { class: "row" }, link("/sign-in", t("sign-in.do"), "main")));
  else {
    const again = field(t("welcome.again"), { name: "again", type: "password", autocomplete: "new-password", required: true });
    fill(box, head(t("welcome.title"), { lead: t("welcome.lead") }), form(context, {
      submit: t("welcome.do"),
      async send({ password, again: repeated }) {
        if (password !== repeated) throw new Error(t("welcome.differ"));
        const answer = await api.post("welcome", { token, password }, { quiet: true });
        history.replaceState({}, "", "/welcome"); // the token is used up, and no address should keep it
        if (answer?.csrf) api.csrf = answer.csrf;
        await context.refreshMe();
        second();
        box.querySelector("h1")?.scrollIntoView({ block: "nearest" });
      },
    }, field(t("welcome.password"), { name: "password", type: "password", autocomplete: "new-password", required: true, minlength: 12, "data-first": true, "data-wrong": t("welcome.short") }, { hint: t("welcome.password.hint") }), again));
  }
  return narrow(box);
}
