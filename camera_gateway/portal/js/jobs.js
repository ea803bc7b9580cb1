/* Long work: its progress as the service tells it, also after a reload of the page. */

import { fill, h } from "./dom.js";
import { button, note, status } from "./parts.js";
import { word } from "./words.js";

const ENDED = new Set(["done", "failed", "cancelled"]);
const KINDS = { waiting: "mute", running: "warn", done: "good", failed: "bad", cancelled: "mute" };
const PAUSE_MS = 1000;

/** The state of a job: shape and word. */
export const jobState = (context, job) => status(KINDS[job.state] ?? "mute", word(context, "job", job.state));

/** Follow a job by its events, and by asking where the browser gets none; `tell(job)` at each change. Returns its end. */
export function follow(context, id, tell) {
  const { api, onLeave } = context;
  return new Promise((resolve, reject) => {
    let over = false;
    let source = null;
    let timer = null;
    const end = (work) => { if (over) return; over = true; source?.close(); clearTimeout(timer); work?.(); };
    onLeave(() => end());
    const heard = async (job) => {
      if (over) return;
      tell(job);
      if (ENDED.has(job.state)) {
        const whole = await api.get(`jobs/${id}`).catch(() => job);
        end(() => resolve(whole));
      }
    };
    async function askAgain() {
      try {
        await heard(await api.get(`jobs/${id}`));
      } catch (problem) {
        if (problem.status === 404 || problem.status === 401) return end(() => reject(problem));
      }
      if (!over) timer = setTimeout(askAgain, PAUSE_MS);
    }
    source = new EventSource(api.url(`jobs/${id}/events`));
    source.addEventListener("job", (event) => heard(JSON.parse(event.data)));
    source.onmessage = (event) => heard(JSON.parse(event.data));
    source.onerror = () => { source.close(); if (!over) askAgain(); };
  });
}

/** A place that shows the progress of a job and lets it be cancelled; `done(result)` draws what came of it. */
export function progressOf(context, id, done) {
  const { t, api } = context;
  const bar = h("progress", { max: 1, "aria-label": t("job.progress") });
  const words = h("p", { role: "status" }, t("job.waiting"));
  const stop = button(t("common.cancel"), async () => { try { await api.delete(`jobs/${id}`); } catch { /* it has ended meanwhile */ } }, "small");
  const place = h("div", { class: "stack" }, words, bar, h("div", { class: "row" }, stop));
  follow(context, id, (job) => {
    if (job.total) { bar.max = job.total; bar.value = job.done; } else bar.removeAttribute("value");
    fill(words, word(context, "job", job.state), job.total ? ` · ${t("common.of", { count: job.done, total: job.total })}` : "", job.what ? ` · ${job.what}` : "");
  }).then((job) => {
    if (job.state === "done") fill(place, done(job.result, job));
    else fill(place, note(job.state === "failed" ? "bad" : "info", word(context, "job", job.state), job.error?.message ?? null, job.error?.hint && h("p", {}, job.error.hint)));
  }, (problem) => fill(place, note("warn", t("job.lost"), problem.status === 404 ? t("job.lost.text") : problem.message)));
  return place;
}
