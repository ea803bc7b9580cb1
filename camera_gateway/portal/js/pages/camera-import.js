/* Many cameras from a table: the file is tried row by row first, and nothing is created before it is confirmed. */

import { fill, h } from "../dom.js";
import { button, card, empty, field, form, head, link, narrow, note, page as whole, status, table, toast } from "../parts.js";
import { progressOf } from "../jobs.js";
import { institutionField } from "../pickers.js";
import { word } from "../words.js";

/** A file as base64, as the service takes it. */
const base64 = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
});

export async function page(context) {
  const { t, api, query, setQuery, go } = context;
  const institutions = await api.all("institutions");
  const result = h("div", { class: "stack", "aria-live": "polite" });
  const started = (job) => { setQuery({ job }); fill(result, card(t("import.trying"), progressOf(context, job, tried))); };

  function tried(report) {
    const bad = report.rows.filter((row) => !row.ok).length + (report.rows.length ? 0 : report.faults.length);
    const faults = (row) => [...row.faults, ...report.faults.filter((one) => one.row === row.row && !row.faults.some((other) => other.code === one.code && other.column === one.column))];
    const told = (list) => h("ul", { class: "small" }, list.map((one) => h("li", {}, one.column ? [h("strong", {}, one.column), ": "] : null, one.message, one.hint && h("span", { class: "muted" }, ` – ${one.hint}`))));
    const other = report.faults.filter((one) => !report.rows.some((row) => row.row === one.row));
    return [
      note(report.ok ? "good" : "warn", report.ok ? t("import.ready", { count: report.rows.length }) : t("import.not-ready", { count: bad }), report.ok ? t("import.ready.text") : t("import.not-ready.text"),
        other.length ? told(other) : null, report.ok && h("div", { class: "row" }, button(t("import.confirm", { count: report.rows.length }), (event) => confirm(event, report.digest), "main"))),
      table(context, { caption: t("import.rows"), rows: report.rows, none: empty(t("import.no-rows"), t("import.step1.text")), columns: [
        { title: t("import.row"), head: true, cell: (row) => String(row.row) },
        { title: t("camera.name"), cell: (row) => [row.name ?? "–", row.id && h("span", { class: "muted small" }, h("br"), h("code", {}, row.id))] },
        { title: t("import.result"), cell: (row) => (row.ok ? status("good", t("import.fine")) : [status("bad", row.probe?.cause ? word(context, "probe", row.probe.cause) : t("import.bad")), told(faults(row))]) },
        { title: t("camera.video"), cell: (row) => { const video = row.probe?.video; return video ? [video.codec, video.width && `${video.width} × ${video.height}`].filter(Boolean).join(" · ") : "–"; } },
      ] }),
    ];
  }
  async function confirm(event, digest) {
    event.target.setAttribute("aria-busy", "true");
    try {
      const report = await api.post("cameras/import", { digest });
      setQuery({ job: null });
      toast(t("import.created"));
      fill(result, note("good", t("import.created"), t("import.created.text", { count: report.created.length }), h("div", { class: "row" }, button(t("nav.cameras"), () => go("/cameras"), "main"))));
    } catch (problem) {
      event.target.removeAttribute("aria-busy");
      event.target.closest(".note").append(note("bad", problem.message, problem.hint));
    }
  }
  const element = form(context, {
    submit: t("import.try"),
    async send({ institution }, box) {
      const [file] = box.elements.file.files;
      const job = await api.post("cameras/import/try", { file: file.name, content: await base64(file), ...(institution && { institution }) });
      started(job.id);
    },
  }, field(t("import.file"), { type: "file", name: "file", required: true, accept: ".csv,.xlsx" }, { hint: t("import.file.hint") }),
  institutionField(context, institutions, query.get("institution") ?? "", null, { all: t("import.in-file"), label: t("import.institution") }));
  if (query.get("job")) started(query.get("job"));
  const template = (form) => h("a", { class: "button", href: api.url("cameras/import/template", { form }), download: "" }, t("import.template", { format: form.toUpperCase() }));
  return whole(head(t("cameras.import"), { trail: [t("nav.cameras"), "/cameras"], lead: t("import.lead"), actions: [link("/cameras/discover", t("cameras.discover"))] }),
    narrow(card(t("import.step1"), h("p", { class: "muted" }, t("import.step1.text")), h("div", { class: "row" }, template("xlsx"), template("csv"))), card(t("import.step2"), element)), result);
}
