/* The portal's beginning: language, who is signed in, the frame, and a page for each address. */

import { makeApi } from "./api.js";
import { h, fill } from "./dom.js";
import * as i18n from "./i18n.js";
import { makeFormats } from "./formats.js";
import { catchLinks, find, loadPage } from "./router.js";
import { drawShell } from "./shell.js";
import { failure, loading } from "./parts.js";

const STILL_THERE_MS = 60_000;
const root = document.getElementById("portal");
const state = { me: null, texts: null, shown: 0, leaving: null, shell: null, address: null };
const api = makeApi({ signedOut });

function signedOut() {
  state.me = null;
  api.csrf = null;
  if (!find(location.pathname)?.open) go(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`, { replace: true });
}

/** Ask who is signed in; null when nobody is. */
async function learnMe() {
  document.documentElement.dataset.session = "shown";
  try {
    state.me = await api.get("me", {}, { quiet: true });
    api.csrf = state.me.csrf;
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    state.me = null;
  }
  return state.me;
}

async function speak(language) {
  if (state.texts?.language === language) return;
  state.texts = await i18n.load(language);
  state.formats = makeFormats(state.texts);
  document.documentElement.lang = language;
  state.shell = null;
}

/** What every page is given. */
function contextFor(route, url) {
  const { t, language, locale } = state.texts;
  return {
    api, me: state.me, t, language, locale, formats: state.formats, texts: state.texts,
    params: route?.params ?? {}, query: url.searchParams, hash: url.hash,
    /** Whether the signed-in user may do an act somewhere: "yes", "second", … or false. */
    may: (act) => { const answer = state.me?.acts?.[act]; return answer && answer !== "no" ? answer : false; },
    go,
    /** Change the address's query without a new page, so that a reload and a link show the same. */
    setQuery(values) {
      const next = new URL(location.href);
      for (const [name, value] of Object.entries(values)) {
        if (value === null || value === undefined || value === "") next.searchParams.delete(name);
        else next.searchParams.set(name, value);
      }
      history.replaceState(history.state, "", next);
      state.address = next.pathname + next.search;
    },
    signIn: async () => { await learnMe(); if (state.me?.language in i18n.LANGUAGES) await speak(state.me.language); state.shell = null; },
    signOut: async () => { try { await api.delete("session"); } finally { state.me = null; api.csrf = null; state.shell = null; go("/sign-in"); } },
    setLanguage: async (chosen) => {
      try { localStorage.setItem("language", chosen); } catch { /* only for this visit then */ }
      await speak(chosen);
      if (state.me) { state.me.language = chosen; api.patch("me", { language: chosen }, { quiet: true }).catch(() => {}); }
      show();
    },
    refreshMe: learnMe,
    /** Called when the page is left: streams are closed, timers stopped. */
    onLeave: (work) => state.leaving.push(work),
    reload: () => show({ keepScroll: true }),
    /** Draw the page anew by itself: quietly, and not under the hands of somebody who is at it. */
    refresh: async () => {
      if (document.hidden || document.querySelector("dialog[open]") || state.shell.main.contains(document.activeElement)) return;
      api.background = true;
      try { await show({ keepScroll: true, quietly: true }); } finally { api.background = false; }
    },
  };
}

/** Go to an address of the portal. */
function go(address, { replace = false } = {}) {
  if (address === location.pathname + location.search + location.hash) replace = true;
  history[replace ? "replaceState" : "pushState"]({}, "", address);
  show();
}

/** Draw the page of the present address. The last one asked for wins. */
async function show({ keepScroll = false, quietly = false } = {}) {
  const turn = ++state.shown;
  for (const work of state.leaving ?? []) work();
  const leaving = (state.leaving = []);
  const url = new URL(location.href);
  state.address = url.pathname + url.search;
  const route = find(url.pathname);
  if (!state.me && !(route?.open)) {
    return go(`/sign-in${url.pathname === "/" ? "" : `?next=${encodeURIComponent(url.pathname + url.search)}`}`, { replace: true });
  }
  // an account without its second factor can do nothing but set one up
  if (state.me?.totp === false && route?.name !== "welcome") return go("/welcome", { replace: true });
  const context = contextFor(route, url);
  const bare = !state.me || route?.open;
  if (!state.shell || state.shell.bare !== Boolean(bare)) {
    state.shell = drawShell(context, { bare: Boolean(bare) });
    fill(root, state.shell.element);
  }
  const { main } = state.shell;
  state.shell.mark(url.pathname);
  const waiting = quietly ? null : setTimeout(() => turn === state.shown && fill(main, loading(context)), 250);
  main.setAttribute("aria-busy", "true");
  let drawn;
  try {
    if (!route) drawn = failure(context, { status: 404, code: "no-page", message: "" });
    else drawn = await (await loadPage(route.name)).page(context);
  } catch (problem) {
    if (turn === state.shown && problem.status !== 401) console.warn(problem);
    drawn = failure(context, problem);
  }
  clearTimeout(waiting);
  if (turn !== state.shown) { for (const work of leaving) work(); return; }
  main.removeAttribute("aria-busy");
  fill(main, drawn);
  const heading = main.querySelector("h1");
  document.title = heading ? `${heading.textContent} · Camera Gateway` : "Camera Gateway";
  if (!keepScroll) {
    scrollTo(0, 0);
    const first = main.querySelector("[data-first]") ?? heading;
    if (first && state.started) { if (first === heading) first.tabIndex = -1; first.focus({ preventScroll: true }); }
    else if (first !== heading) first?.focus();
  }
  state.started = true;
  document.documentElement.dataset.page = route?.name ?? "none";
  document.documentElement.dataset.ready = String(turn);
}

async function begin() {
  await speak(i18n.preferred());
  // a jump within the page (#content) is no new page
  addEventListener("popstate", () => { if (location.pathname + location.search !== state.address) show(); });
  catchLinks(go);
  // one-time links are written so that no server sees their secret: {address}#/welcome?token=…
  if (location.hash.startsWith("#/welcome")) history.replaceState({}, "", `/welcome${location.hash}`);
  try {
    // a browser that showed no session when the page was fetched has none to ask about
    if (document.documentElement.dataset.session === "shown") await learnMe();
    if (state.me?.language in i18n.LANGUAGES) await speak(state.me.language);
  } catch (problem) {
    fill(root, h("main", { class: "bare" }, failure(contextFor(null, new URL(location.href)), problem)));
    return;
  }
  await show();
  // a session that has ended takes what it showed off the screen
  setInterval(() => state.me && api.get("me", {}, { background: true }).catch(() => {}), STILL_THERE_MS);
}

begin();
