/* Many cameras from a table: the file is tried row by row first, and nothing is created before it is confirmed. */

import { fill, h } from "../dom.js";
import { button, card, field, form, head, link, narrow, note, page as whole, status, table, toast } from "../parts.js";
import { progressOf } from "../jobs.js";
import { word } from "../words.js";

export async function page(context) {
  const { t, api, query, setQuery, go } = context;
  const result = h("div", { class: "stack" });
  const started = (job, done) => { setQuery({ job }); fill(result, card(t("import.trying"), progressOf(context, job, done))); };
  const rowsOf = (report) => report?.rows ?? report?.items ?? [];

  function tried(report) {
    const rows = rowsOf(report);
    const good = rows.filter((row) => row.ok).length;
    const all = rows.length > 0 && good === rows.length;
    return [
      note(all ? "good" : "warn", all ? t("import.ready", { count: good }) : t("import.not-ready", { count: rows.length - good }), all ? t("import.ready.text") : t("import.not-ready.text"),
        all && h("div", { class: "row" }, button(t("import.confirm", { count: good }), () => confirm(report), "main"))),
      table(context, { caption: t("import.rows"), rows, columns: [
        { title: t("import.row"), head: true, number: true, cell: (row) => String(row.row ?? row.number ?? "") },
        { title: t("camera.name"), cell: (row) => row.name ?? row.camera ?? row.id ?? "–" },
        { title: t("camera.zone"), cell: (row) => word(context, "zone", row.zone) },
        { title: t("import.result"), cell: (row) => (row.ok ? status("good", t("import.fine")) : [status("bad", row.cause ? word(context, "probe", row.cause) : t("import.bad")), problems(row)]) },
        { title: t("camera.video"), cell: (row) => { const video = row.video ?? row.probe?.video; return video ? [video.codec, `${video.width} × ${video.height}`].join(" · ") : "–"; } },
      ] }),
    ];
  }
  const problems = (row) => {
    const found = [row.problems ?? row.errors ?? [], row.message ?? row.problem ?? []].flat().map((one) => (typeof one === "string" ? one : one.message ?? one.what));
    return found.length ? h("ul", { class: "small" }, found.map((text) => h("li", {}, text))) : null;
  };
  async function confirm(report) {
    const answer = await api.post("cameras/import/confirm", { import: report.import ?? report.id });
    if (answer.job ?? answer.id?.startsWith?.("job-")) started(answer.job ?? answer.id, created);
    else fill(result, created(answer));
  }
  function created(report) {
    toast(t("import.created"));
    setQuery({ job: null });
    return [note("good", t("import.created"), t("import.created.text", { count: rowsOf(report).length || report.created?.length || report.created || 0 })), h("div", { class: "row" }, button(t("nav.cameras"), () => go("/cameras"), "main"))];
  }
  const element = form(context, {
    submit: t("import.try"),
    async send(values, box) {
      const file = box.elements.file.files[0];
      const data = new FormData();
      data.append("file", file, file.name);
      const answer = await api.call("POST", "cameras/import", { query: { dry_run: 1 }, body: data });
      const job = answer.job ?? (answer.id?.startsWith?.("job-") ? answer.id : null);
      if (job) started(job, tried);
      else fill(result, tried(answer));
    },
  }, field(t("import.file"), { type: "file", name: "file", required: true, accept: ".csv,.xlsx" }, { hint: t("import.file.hint") }));
  if (query.get("job")) started(query.get("job"), tried);
  return whole(head(t("cameras.import"), { trail: [t("nav.cameras"), "/cameras"], lead: t("import.lead") }),
    narrow(card(t("import.step1"), h("p", { class: "muted" }, t("import.step1.text")), h("div", { class: "row" },
      h("a", { class: "button", href: api.url("cameras/import/template", { format: "xlsx" }), download: "" }, t("import.template", { format: "XLSX" })),
      h("a", { class: "button", href: api.url("cameras/import/template", { format: "csv" }), download: "" }, t("import.template", { format: "CSV" })))),
    card(t("import.step2"), element)), result, h("p", { class: "small muted" }, link("/cameras/discover", t("cameras.discover"), "quiet")));
}
