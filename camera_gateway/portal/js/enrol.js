/* Setting up the second factor: a picture for the telephone, a code to prove it, recovery codes to keep. */

import { fill, h } from "./dom.js";
import { button, field, form, note, toast } from "./parts.js";

/** A place that leads through the set-up; `done()` when the recovery codes have been seen. */
export function enrolment(context, done, { code = null } = {}) {
  const { t, api } = context;
  const place = h("div", { class: "stack" });
  async function begin() {
    const made = await api.post("me/totp", code ? { code } : {});
    fill(place, h("p", {}, t("totp.text")), h("div", { class: "enrol" }, h("img", { class: "qr", src: made.qr, alt: t("totp.qr"), width: 200, height: 200 }),
      h("div", { class: "stack" }, h("p", { class: "small muted" }, t("totp.by-hand")), h("code", { class: "secret" }, made.secret.replace(/(.{4})(?=.)/g, "$1 ")))),
    form(context, {
      submit: t("totp.confirm"),
      async send(values) {
        const answer = await api.post("me/totp/confirm", { code: values.code }, { quiet: true });
        api.csrf = answer.csrf;
        await context.refreshMe();
        fill(place, recoveryCodes(context, answer.recovery_codes, done));
      },
    }, field(t("sign-in.code"), { name: "code", inputmode: "numeric", autocomplete: "one-time-code", required: true, maxlength: 10 }, { hint: t("totp.code.hint") })));
  }
  begin().catch((problem) => fill(place, note("bad", problem.message, problem.hint)));
  return place;
}

/** Recovery codes: shown once, to be copied or saved. */
export function recoveryCodes({ t }, codes, done) {
  const text = codes.join("\n");
  return h("div", { class: "stack" }, note("good", t("totp.set"), t("totp.codes.text")), h("ul", { class: "codes" }, codes.map((one) => h("li", {}, h("code", {}, one)))),
    h("div", { class: "row" }, button(t("common.copy"), async () => { try { await navigator.clipboard.writeText(text); toast(t("common.copied")); } catch { /* they stand there to be copied by hand */ } }),
      button(t("totp.save"), () => { const address = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" })); h("a", { href: address, download: "camera-gateway-recovery-codes.txt" }).click(); URL.revokeObjectURL(address); }),
      button(t("totp.kept"), done, "main")));
}
