/* The parts that pages are put together from: headings, tables, fields, dialogs, notes. Each is accessible by itself. */

import { append, fill, h } from "./dom.js";

const SHAPES = {
  good: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm-1 10L4 8l1.200-1.200L7 8.600l3.900-3.900L12.100 6z",
  warn: "M8 1.200 15.300 14.500H.7zM7.200 6v4.300h1.600V6zm0 5.500V13h1.600v-1.500z",
  bad: "M5 1h6l4 4v6l-4 4H5l-4-4V5zm.4 3.300L4.300 5.400 6.900 8l-2.600 2.600 1.100 1.100L8 9.100l2.600 2.600 1.100-1.100L9.100 8l2.600-2.600-1.100-1.100L8 6.900z",
  info: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM7.100 4h1.800v1.800H7.100zM7.100 7h1.800v5H7.100z",
  mute: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM4.500 7.200h7v1.600h-7z",
};
let ids = 0;
/** A new id, for labels. */
export const newId = () => `p${++ids}`;

/** A status: its shape and its word say it, the colour only underlines. `kind`: good, warn, bad, mute. */
export const status = (kind, text) => h("span", { class: `status ${kind}` },
  h("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, h("path", { d: SHAPES[kind], fill: "currentColor", "fill-rule": "evenodd" })), h("span", {}, text));

export const tag = (text) => h("span", { class: "tag" }, text);

/** The head of a page: where one is, what it is, and what can be done. */
export const head = (title, { lead, trail, actions } = {}) => h("div", { class: "head" },
  h("div", {}, trail && h("p", { class: "trail" }, h("a", { href: trail[1] }, `← ${trail[0]}`)), h("h1", {}, title), lead && h("p", { class: "lead" }, lead)),
  actions?.filter(Boolean).length ? h("div", { class: "row" }, actions) : null);

export const page = (...children) => h("div", { class: "page" }, children);
export const narrow = (...children) => h("div", { class: "page narrow" }, children);
export const card = (title, ...children) => h("section", { class: "card" }, title && h("h2", {}, title), children);
export const link = (href, text, kind = "") => h("a", { href, class: kind ? `button ${kind}` : "button" }, text);
export const button = (text, onclick, kind = "", props = {}) => h("button", { type: "button", class: kind || null, onclick, ...props }, text);

/** Names and values; a value of null is left out. */
export const facts = (...pairs) => h("dl", { class: "facts" },
  pairs.filter((pair) => pair && pair[1] !== null && pair[1] !== undefined).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

/** A note: `kind` is good, warn, bad, info. With `alert` it is spoken at once. */
export const note = (kind, title, text, ...more) => h("div", { class: `note ${kind}`, role: kind === "bad" ? "alert" : null },
  title && h("strong", {}, status(kind, title)), text && h("p", {}, text), more);

/** Nothing is there: why, and what to do. */
export const empty = (title, text, ...actions) => h("div", { class: "empty" }, h("h2", {}, title), text && h("p", {}, text), actions.length ? h("div", { class: "row" }, actions) : null);

/** Shown while a page is fetched: the outline of what comes, and the word for it. */
export const loading = ({ t }) => h("div", { class: "bones", role: "status" }, h("p", { class: "muted" }, t("common.loading")), Array.from({ length: 5 }, () => h("span", {})));

/** The words for a problem: ours where the code is known, else the service's own. */
export function wordsFor({ t, texts, language }, problem) {
  const known = texts.has(`problem.${problem.code}`) ? problem.code : problem.status ? null : "offline";
  const title = known ? t(`problem.${known}`) : texts.has(`problem.${problem.status}`) ? t(`problem.${problem.status}`) : t("problem.other");
  const own = known !== null && texts.has(`problem.${known}.hint`);
  // where we can say it all ourselves, the service's English adds nothing for who does not read it
  const said = known === "offline" || (own && language !== "en") || !problem.message || problem.message === title ? "" : problem.message;
  return { title, text: said, hint: own ? t(`problem.${known}.hint`) : problem.hint ?? "" };
}

/** A page or part that could not be shown: what happened and what to do. */
export function failure(context, problem) {
  const { t, reload } = context;
  // a page left open over an upgrade asks for files that are gone
  const gone = problem instanceof TypeError && /import|module/i.test(problem.message);
  const words = gone ? { title: t("problem.upgraded"), text: "", hint: t("problem.upgraded.hint") }
    : problem.status === undefined ? { title: t("problem.defect"), text: String(problem.message), hint: t("problem.defect.hint") } : wordsFor(context, problem);
  return h("div", { class: "page narrow" }, h("h1", {}, words.title),
    h("div", { class: "note bad", role: "alert" }, words.text && h("p", {}, words.text), words.hint && h("p", {}, words.hint),
      h("div", { class: "row" }, button(t("common.again"), () => (gone ? location.reload() : reload())), link("/today", t("nav.today"), "quiet"))));
}

/** A part that is fetched by itself: its place is kept while it comes, and a problem stays inside it. */
export function later(context, work, { title, lines = 3 } = {}) {
  const place = h("div", { class: "stack", "aria-busy": "true" }, h("div", { class: "bones", role: "status" }, h("p", { class: "muted" }, context.t("common.loading")), Array.from({ length: lines }, () => h("span", {}))));
  const run = async () => {
    try {
      fill(place, await work());
    } catch (problem) {
      if (problem.status === 401) return;
      const words = problem.status === undefined ? { title: context.t("problem.defect"), text: problem.message } : wordsFor(context, problem);
      if (problem.status === undefined) console.warn(problem);
      fill(place, h("div", { class: "note warn" }, h("strong", {}, title ? `${title}: ${words.title}` : words.title), words.text && h("p", {}, words.text), words.hint && h("p", {}, words.hint),
        h("div", { class: "row" }, button(context.t("common.again"), run, "small"))));
    }
    place.removeAttribute("aria-busy");
  };
  run();
  return place;
}

/**
 * A table. `columns`: {title, cell(row) → content, number, head (the row's own heading), sort(row) → value}.
 * On a phone each row becomes a card with the titles beside the values; the roles keep it a table for readers.
 */
export function table(context, { caption, hidden = true, columns, rows, none, sortable = false }) {
  const used = columns.filter(Boolean);
  const body = h("tbody", { role: "rowgroup" });
  let order = null;
  const draw = () => {
    let shown = rows;
    if (order) {
      const { column, down } = order;
      const way = down ? -1 : 1;
      shown = [...rows].sort((a, b) => { const [x, y] = [column.sort(a) ?? "", column.sort(b) ?? ""]; return way * (typeof x === "number" && typeof y === "number" ? x - y : context.formats.compare(String(x), String(y))); });
    }
    fill(body, shown.map((row) => h("tr", { role: "row" }, used.map((column) => h(column.head ? "th" : "td", {
      scope: column.head ? "row" : null, role: column.head ? "rowheader" : "cell", class: column.number ? "number" : null, "data-label": column.head || !column.title ? null : column.title,
    }, h("div", {}, column.cell(row)))))));
  };
  const heads = used.map((column) => {
    const cell = h("th", { scope: "col", role: "columnheader", class: column.number ? "number" : null });
    if (!sortable || !column.sort) return append(cell, column.title ? column.title : h("span", { class: "sr" }, context.t("common.actions")));
    const mark = h("span", { "aria-hidden": "true" }, "");
    return append(cell, h("button", { type: "button", class: "sort", onclick: () => {
      order = { column, down: order?.column === column && !order.down };
      for (const other of heads) { other.removeAttribute("aria-sort"); const glyph = other.querySelector("[aria-hidden]"); if (glyph) glyph.textContent = ""; }
      cell.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      mark.textContent = order.down ? " ▾" : " ▴";
      draw();
    } }, column.title, mark));
  });
  if (!rows.length && none) return none;
  draw();
  const place = h("div", { class: "table" },
    h("table", { class: "cards", role: "table" }, caption && h("caption", { class: hidden ? "sr" : null }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads)), body));
  // what can be scrolled can be reached by the keyboard, and has a name
  new ResizeObserver(() => {
    const scrolls = place.scrollWidth > place.clientWidth + 1;
    for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", caption]]) {
      if (scrolls) place.setAttribute(name, value);
      else place.removeAttribute(name);
    }
  }).observe(place);
  return place;
}

/** A field with its label, hint and place for what is wrong. `input`: an element, or the properties of an <input>. */
export function field(label, input, { hint, whole, name } = {}) {
  const element = input instanceof Node ? input : h("input", input);
  const id = element.id || newId();
  element.id = id;
  if (name) element.name = name;
  const notes = [];
  if (hint) notes.push(h("span", { class: "hint", id: `${id}-h` }, hint));
  if (hint) element.setAttribute("aria-describedby", `${id}-h`);
  // the hint stands below, so that fields of a row stay in line
  return h("div", { class: whole ? "field whole" : "field" }, h("label", { for: id }, label), element, notes);
}

export const check = (label, props = {}) => h("label", { class: "check" }, h("input", { type: "checkbox", ...props }), h("span", {}, label));

/** A <select>: `choices` are [value, text] pairs. */
export const select = (choices, value, props = {}) => h("select", props, choices.map(([key, text]) => h("option", { value: key, selected: key === (value ?? "") }, text)));

/** Say beside a field what is wrong with it; null takes it back. */
export function wrong(input, text) {
  const id = `${input.id}-w`;
  document.getElementById(id)?.remove();
  input.removeAttribute("aria-invalid");
  const described = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((other) => other && other !== id);
  if (text) {
    input.setAttribute("aria-invalid", "true");
    described.push(id);
    input.parentElement.append(h("span", { class: "wrong", id }, text));
  }
  if (described.length) input.setAttribute("aria-describedby", described.join(" "));
  else input.removeAttribute("aria-describedby");
}

/**
 * A form. `send(values, form)` does the work; a problem is told above the button, and at its field where it is one's.
 * Values: what FormData has; of several boxes with one name a list (names that end with []).
 */
export function form(context, { send, submit, danger, cancel, id }, ...children) {
  const { t } = context;
  const told = h("div", { "aria-live": "assertive" });
  const go = h("button", { class: danger ? "danger" : "main" }, submit);
  const element = h("form", { novalidate: true, id, onsubmit: async (event) => {
    event.preventDefault();
    if (go.getAttribute("aria-busy")) return;
    fill(told);
    let first = null;
    for (const input of element.elements) {
      if (!input.name || !input.id) continue;
      const text = input.validity.valid ? null : input.validity.valueMissing ? t("form.missing") : input.dataset.wrong ?? input.validationMessage;
      wrong(input, text);
      if (text) first ??= input;
    }
    if (first) return first.focus();
    const values = {};
    for (const [name, value] of new FormData(element)) {
      if (name.endsWith("[]")) (values[name.slice(0, -2)] ??= []).push(value);
      else values[name] = typeof value === "string" && element.elements[name]?.type !== "password" ? value.trim() : value;
    }
    go.setAttribute("aria-busy", "true");
    try {
      await send(values, element);
    } catch (problem) {
      if (problem.status === 401 && problem.code !== "credentials") { /* the sign-in page comes */ }
      const words = problem.status === undefined ? { title: problem.message } : wordsFor(context, problem);
      if (problem.status === undefined) console.warn(problem);
      fill(told, h("div", { class: "note bad" }, h("strong", {}, status("bad", words.title)), words.text && h("p", {}, words.text), words.hint && h("p", {}, words.hint)));
    } finally {
      go.removeAttribute("aria-busy");
    }
  } }, children, told, h("div", { class: "row" }, go, cancel && button(t("common.cancel"), cancel)));
  return element;
}

/** A dialog with a form inside; resolves with what `send` returned, or undefined when it was left. `only`: it tells, and asks nothing. */
export function ask(context, { title, text, submit, danger, send, fields = [], only = false }) {
  return new Promise((resolve) => {
    const id = newId();
    let answer;
    const dialog = h("dialog", { "aria-labelledby": id, onclose: () => { dialog.remove(); resolve(answer); } });
    append(dialog, h("div", { class: "stack" }, h("h2", { id }, title), text && [text].flat().map((line) => (line instanceof Node ? line : h("p", { class: "muted" }, line))),
      form(context, { submit, danger, cancel: only ? null : () => dialog.close(), send: async (values, element) => { answer = (await send?.(values, element)) ?? true; dialog.close(); } }, fields)));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Say something short, on the screen and to a screen reader. */
export function toast(text) {
  const place = document.querySelector(".toasts") ?? document.body.appendChild(h("div", { class: "toasts", role: "status", "aria-live": "polite" }));
  const element = place.appendChild(h("div", { class: "toast" }, text));
  setTimeout(() => element.remove(), 6000);
}

/** Rows that are fetched a page at a time: `draw(items)` makes the table of all that have come. */
export function paged(context, fetchPage, draw) {
  const { t } = context;
  const items = [];
  const list = h("div", {});
  const more = h("div", { class: "row" });
  async function next(cursor) {
    const answer = await fetchPage(cursor);
    const found = Array.isArray(answer) ? { items: answer, next: null } : answer;
    items.push(...found.items);
    fill(list, draw(items));
    fill(more, found.next ? [button(t("common.more"), async (event) => { event.target.setAttribute("aria-busy", "true"); await next(found.next); }), h("span", { class: "muted small" }, t("common.shown", { count: items.length }))] : null);
  }
  return later(context, async () => { items.length = 0; await next(null); return [list, more]; }, { lines: 6 });
}

/** Places that belong together, of which one is shown: `items` are [address, text]. */
export const tabs = (label, items, here) => h("nav", { class: "tabs", "aria-label": label }, h("ul", {}, items.map(([address, text]) => h("li", {}, h("a", { href: address, "aria-current": address === here ? "page" : null }, text)))));
