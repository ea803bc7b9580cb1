/* The frame around each page: what there is to go to, who is signed in, language and theme. */

import { h } from "./dom.js";
import { LANGUAGES } from "./i18n.js";
import { button, select } from "./parts.js";

/** [address, key of its name, acts of which one is needed]. An act with "!" is needed over the whole installation. */
const PLACES = [
  [["/today", "nav.today"]],
  [["/cameras", "nav.cameras", "registry.see"], ["/institutions", "nav.institutions", "registry.see"], ["/watch", "nav.watch", "live.view", "footage.view"]],
  [["/evidence", "nav.evidence", "evidence.request"], ["/holds", "nav.holds", "hold.place"], ["/incidents", "nav.incidents", "incident.report"], ["/retention", "nav.retention", "!retention.see"]],
  [["/compliance", "nav.compliance", "compliance.see"], ["/reports", "nav.reports", "report.make"], ["/alerts", "nav.alerts", "coverage.see"], ["/registers", "nav.registers", "coverage.see"]],
  [["/audit", "nav.audit", "!audit.see"], ["/people", "nav.people", "people.manage"], ["/system", "nav.system", "!health.see"]],
];

const languageChoice = ({ t, language, setLanguage }) => h("select", { "aria-label": t("nav.language"), class: "language", onchange: (event) => setLanguage(event.target.value) },
  Object.entries(LANGUAGES).map(([key, name]) => h("option", { value: key, lang: key, selected: key === language }, name)));

function themeChoice({ t }) {
  const chosen = document.documentElement.dataset.theme ?? "";
  return select([["", t("theme.system")], ["light", t("theme.light")], ["dark", t("theme.dark")]], chosen, {
    "aria-label": t("theme.label"),
    onchange: (event) => {
      const theme = event.target.value;
      if (theme) document.documentElement.dataset.theme = theme;
      else delete document.documentElement.dataset.theme;
      try {
        if (theme) localStorage.setItem("theme", theme);
        else localStorage.removeItem("theme");
      } catch { /* only for this visit then */ }
    },
  });
}

const brand = () => h("a", { class: "brand", href: "/today" }, h("img", { src: new URL("../img/icon.svg", import.meta.url).href, alt: "" }), "Camera Gateway");

/** Draw the frame: {element, main, mark(path)}. `bare`: nobody is signed in. */
export function drawShell(context, { bare }) {
  const { t, me, may, signOut } = context;
  const main = h("main", { id: "content", tabindex: "-1" });
  if (bare) {
    const element = h("div", { class: "bare-frame" }, h("div", { class: "bare-inner" }, h("header", {}, brand()), main), h("footer", {}, h("div", {}, languageChoice(context)), h("div", {}, themeChoice(context))));
    return { element, main, bare, mark: () => {} };
  }
  const links = [];
  const everywhere = me?.roles?.some((role) => role.scope === "all");
  const offered = (act) => (act.startsWith("!") ? everywhere && may(act.slice(1)) : may(act));
  const groups = PLACES.map((group) => group.filter(([, , ...acts]) => !acts.length || acts.some(offered)).map(([address, key]) => {
    const anchor = h("a", { href: address }, t(key));
    links.push(anchor);
    return h("li", {}, anchor);
  })).filter((group) => group.length);
  const side = h("nav", { class: "side", id: "menu", "aria-label": t("nav.label") }, brand(), groups.map((group) => h("ul", {}, group)),
    h("div", { class: "me" }, h("a", { href: "/account" }, h("span", {}, h("span", { class: "sr" }, `${t("nav.account")}: `), me.name || me.user)),
      h("div", { class: "choice" }, languageChoice(context), themeChoice(context)), button(t("nav.sign-out"), signOut, "small")));
  links.push(side.querySelector('a[href="/account"]'));
  const toggle = h("button", { type: "button", "aria-expanded": "false", "aria-controls": "menu", onclick: () => open(!side.classList.contains("open")) }, t("nav.menu"));
  function open(yes) {
    side.classList.toggle("open", yes);
    toggle.setAttribute("aria-expanded", String(yes));
  }
  const element = h("div", {}, h("a", { class: "skip", href: "#content" }, t("nav.skip")), h("div", { class: "frame" }, h("header", { class: "bar" }, brand(), toggle), side, main));
  return {
    element, main, bare,
    mark(path) {
      open(false);
      const here = path === "/" ? "/today" : path;
      for (const anchor of links) {
        const address = anchor.getAttribute("href");
        if (here === address || here.startsWith(`${address}/`)) anchor.setAttribute("aria-current", here === address ? "page" : "true");
        else anchor.removeAttribute("aria-current");
      }
    },
  };
}
