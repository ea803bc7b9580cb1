/* Languages: texts by flat keys, plural forms by the language's own rules, times in the site's zone. */

export const LANGUAGES = { kk: "Қазақша", ru: "Русский", en: "English" };
/** Chromium is built without Kazakh; figures and dates are written in Kazakhstan as in Russian, words for them are ours. */
const LOCALES = { kk: ["ru-KZ", "ru-RU"], ru: ["ru-KZ", "ru-RU"], en: ["en-GB"] };

/** The language to begin with: chosen before, else the first of the browser's that there is, else Russian. */
export function preferred() {
  let chosen = null;
  try {
    chosen = localStorage.getItem("language");
  } catch { /* storage may be forbidden */ }
  const wanted = [chosen, ...navigator.languages].filter(Boolean).map((tag) => tag.slice(0, 2));
  return wanted.find((tag) => tag in LANGUAGES) ?? "ru";
}

/** Load a language and return {language, t, n, …}. */
export async function load(language) {
  const answer = await fetch(new URL(`../i18n/${language}.json`, import.meta.url));
  if (!answer.ok) throw new TypeError(`module i18n/${language}.json: ${answer.status}`);
  return texter(language, await answer.json());
}

/** `t(key, values)` fills {name}; a text with forms takes the one that `values.count` needs. */
export function texter(language, texts) {
  const locale = LOCALES[language];
  const plural = new Intl.PluralRules(locale);
  const number = new Intl.NumberFormat(locale);
  function t(key, values = {}) {
    let text = texts[key];
    if (text === undefined) return key;
    if (typeof text === "object") text = text[plural.select(values.count)] ?? text.other;
    return text.replace(/\{(\w+)\}/g, (whole, name) => {
      const value = values[name];
      return value === undefined ? whole : typeof value === "number" ? number.format(value) : String(value);
    });
  }
  return { language, locale, t, has: (key) => key in texts, all: texts, number };
}
