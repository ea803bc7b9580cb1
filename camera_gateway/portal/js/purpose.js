/* What footage is watched for: asked once per case, kept by the session, shown while it holds. */

import { h } from "./dom.js";
import { ask, button, field, select, toast } from "./parts.js";
import { word } from "./words.js";

/** As access/purposes.py has them; for the first four a case must be named. */
const CODES = ["inspection", "incident", "request", "complaint", "safety", "maintenance"];
const NEED_CASE = new Set(CODES.slice(0, 4));

/** Make sure that a purpose is open; false when the user did not give one. */
export async function demandPurpose(context, { restricted = false } = {}) {
  if (context.me.purpose) return true;
  const { t, api, me } = context;
  const matter = field(t("purpose.case"), { name: "case", maxlength: 100, required: true }, { hint: t("purpose.case.hint") });
  const answer = await ask(context, {
    title: t("purpose.title"), text: [t("purpose.text"), restricted ? t("purpose.restricted") : null].filter(Boolean), submit: t("purpose.do"),
    fields: [
      field(t("purpose.code"), select(CODES.map((code) => [code, word(context, "purpose", code)]), "inspection", { name: "code", onchange: (event) => { matter.querySelector("input").required = NEED_CASE.has(event.target.value); } })),
      matter,
      field(t("purpose.why"), h("textarea", { name: "text", maxlength: 500, rows: 2 })),
    ],
    send: async (values) => {
      const opened = await api.post("me/purpose", values);
      me.purpose = opened?.purpose ?? opened ?? values;
      toast(t("purpose.opened"));
    },
  });
  return Boolean(answer);
}

/** The purpose that holds, with the way to end it; null when none does. */
export function purposeLine(context) {
  const { t, me, api, reload } = context;
  if (!me.purpose) return null;
  return h("p", { class: "row small" }, h("span", {}, `${t("purpose.now")}: `, h("strong", {}, word(context, "purpose", me.purpose.code)), me.purpose.case ? ` · ${me.purpose.case}` : ""),
    button(t("purpose.end"), async () => { await api.delete("me/purpose"); me.purpose = null; reload(); }, "quiet small"));
}
