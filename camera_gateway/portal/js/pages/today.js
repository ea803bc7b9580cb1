/* Today: what needs me, in three sentences, then the list. */

import { h } from "../dom.js";
import { head, page as whole } from "../parts.js";

export async function page({ t, me, formats }) {
  return whole(head(t("today.title"), { lead: formats.longDay(Date.now()) }), h("p", {}, me.name || me.user));
}
