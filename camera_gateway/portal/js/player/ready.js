/* What the player's parts need before they are drawn: its words and its style, fetched once. */

import { h } from "../dom.js";
import { texter } from "../i18n.js";

const STYLE = new URL("../../css/player.css", import.meta.url).href;

/** The player's own texts in a language. */
export async function textsOf(language) {
  return texter(language, (await import(`./texts/${language}.js`)).default);
}

/** Resolves when the player's style is there. */
export function style() {
  const known = document.querySelector(`link[href="${STYLE}"]`);
  if (known) return Promise.resolve();
  const link = h("link", { rel: "stylesheet", href: STYLE });
  const loaded = new Promise((done) => { link.addEventListener("load", done); link.addEventListener("error", done); });
  document.head.append(link);
  return loaded;
}
