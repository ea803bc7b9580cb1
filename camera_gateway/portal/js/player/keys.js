/* The keyboard of the player: one table, from which the help is made as well. */

import { h } from "../dom.js";

/** [keys as KeyboardEvent.key, what the help shows, text, what it does]. Letters count by their place on the keyboard
    too, so that a Cyrillic layout changes nothing. */
export const KEYS = [
  [[" ", "k"], ["Space", "K"], "player.key.play", (player) => player.toggle()],
  [["l"], ["L"], "player.key.faster", (player) => player.faster()],
  [["j"], ["J"], "player.key.backwards", (player) => player.backwards()],
  [["ArrowLeft"], ["←"], "player.key.back5", (player, event) => player.skip(event.shiftKey ? -60 : -5)],
  [["ArrowRight"], ["→"], "player.key.on5", (player, event) => player.skip(event.shiftKey ? 60 : 5)],
  [[","], [","], "player.key.frame-back", (player) => player.step(-1)],
  [["."], ["."], "player.key.frame-on", (player) => player.step(1)],
  [["["], ["["], "player.key.mark-back", (player) => player.jump(-1)],
  [["]"], ["]"], "player.key.mark-on", (player) => player.jump(1)],
  [["Home"], ["Home"], "player.key.start", (player) => player.edge(-1)],
  [["End"], ["End"], "player.key.end", (player) => player.edge(1)],
  [["ArrowUp", "+", "="], ["↑", "+"], "player.key.zoom-in", (player) => player.timeline.zoom(1 / 2)],
  [["ArrowDown", "-"], ["↓", "−"], "player.key.zoom-out", (player) => player.timeline.zoom(2)],
  [["PageUp"], ["PgUp"], "player.key.pan-back", (player) => player.timeline.pan(-0.8)],
  [["PageDown"], ["PgDn"], "player.key.pan-on", (player) => player.timeline.pan(0.8)],
  [["i"], ["I"], "player.key.in", (player) => player.markIn()],
  [["o"], ["O"], "player.key.out", (player) => player.markOut()],
  [["v"], ["V"], "player.key.live", (player) => player.toggleLive()],
  [["m"], ["M"], "player.key.sound", (player) => player.toggleSound()],
  [["f"], ["F"], "player.key.full", (player) => player.toggleFull()],
  [["?"], ["?"], "player.key.help", (player) => player.help()],
];

const BY_PLACE = { KeyK: "k", KeyL: "l", KeyJ: "j", KeyI: "i", KeyO: "o", KeyV: "v", KeyM: "m", KeyF: "f", Comma: ",", Period: ".", BracketLeft: "[", BracketRight: "]" };

/** Do what a key means; true when it meant something. */
export function press(player, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  const target = event.composedPath()[0];
  if (target.closest?.("input, select, textarea, dialog, [contenteditable]")) return false;
  if (target.closest?.("button, summary, a") && (event.key === " " || event.key === "Enter")) return false;
  const wanted = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = KEYS.find(([keys]) => keys.includes(wanted)) ?? (event.shiftKey ? undefined : KEYS.find(([keys]) => keys.includes(BY_PLACE[event.code])));
  if (!found) return false;
  event.preventDefault();
  event.stopPropagation();
  found[3](player, event);
  return true;
}

/** The help, as a dialog. */
export function helpDialog(t) {
  const dialog = h("dialog", { class: "player-help", "aria-label": t("player.help") },
    h("h2", {}, t("player.help")),
    h("dl", {}, KEYS.map(([, shown, text]) => h("div", {}, h("dt", {}, shown.map((key) => h("kbd", {}, key))), h("dd", {}, t(text))))),
    h("form", { method: "dialog" }, h("button", { class: "main", autofocus: true }, t("player.close"))));
  dialog.addEventListener("close", () => dialog.remove());
  return dialog;
}
