// Many devices from a file: tried first, then registered, with what is wrong.

import { postLines } from "../../api";
import { h } from "../../dom";
import { numberText } from "../../format";
import { language, learn, t } from "../../text";
import { importTexts } from "../../texts/ops/import";
import type { PageView } from "../shell";
import { loading } from "../loading";
import { ImportAnswer, type ImportLine, faultsCsv, mediaType } from "./import-answer";
import { faultBox, field, formValues, table } from "./parts";

learn(importTexts);

/** Rows of the faults' table; the download has all. */
const SHOWN = 200;
/** Redraws while lines come in, in milliseconds. */
const REDRAW_MS = 150;

export class ImportPage implements PageView {
  private file: File | null = null;
  private mode = "all";
  private upsert = false;
  /** Of the last try of this file with these choices. */
  private answer: ImportAnswer | null = null;
  private fault: unknown = null;
  private running = false;
  private drawnAt = 0;
  private dryRun = true;
  private download = "";
  private readonly result = h("section.import-result", { "aria-live": "polite" });
  private readonly begin = h("button", { type: "button" });

  constructor() {
    this.begin.addEventListener("click", () => void this.run(false));
  }

  show(host: HTMLElement): void {
    const picker = h("input", { type: "file", name: "file", accept: ".csv,.ndjson,.jsonl" });
    const option = (value: string, text: string): HTMLElement => h("option", { value, selected: this.mode === value }, text);
    const mode = h("select", { name: "mode" }, option("all", t("import.mode.all")), option("good", t("import.mode.good")));
    const upsert = h("input", { type: "checkbox", name: "upsert", checked: this.upsert });
    const check = h("button.primary", { type: "submit" }, t("import.check"));
    const form = h(
      "form.card.import-form",
      {},
      field(t("import.file"), picker),
      this.file !== null && h("p.note", {}, t("import.chosen", { name: this.file.name })),
      h("p.note", {}, t("import.file.note")),
      field(t("import.mode"), mode),
      h("label.check", {}, upsert, " ", t("import.upsert")),
      h("div.actions", {}, check, this.begin),
    );
    form.addEventListener("change", () => {
      this.file = picker.files?.[0] ?? this.file;
      this.mode = formValues(form)["mode"] ?? "all";
      this.upsert = upsert.checked;
      this.forget();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.run(true);
    });
    host.replaceChildren(h("h1", {}, t("page.import")), h("p.note", {}, t("import.lead")), form, this.result);
    this.draw();
  }

  /** Another file, or other terms: what was found out holds no longer. */
  private forget(): void {
    if (this.running) return;
    this.answer = null;
    this.fault = null;
    this.draw();
  }

  private async run(dryRun: boolean): Promise<void> {
    const { file } = this;
    if (this.running) return;
    const type = file === null ? null : mediaType(file.name);
    if (file === null || type === null) {
      this.result.replaceChildren(h("p.fault", { role: "alert" }, t("import.no-file")));
      return;
    }
    Object.assign(this, { running: true, dryRun, answer: new ImportAnswer(), fault: null });
    this.draw();
    try {
      const query = new URLSearchParams({ dry_run: String(dryRun), mode: this.mode, upsert: String(this.upsert) });
      await postLines<ImportLine>(`/v1/devices/import?${query}`, file, type, (line) => this.take(line));
    } catch (error) {
      this.fault = error;
    }
    this.running = false;
    this.draw();
  }

  private take(line: ImportLine): void {
    this.answer?.take(line);
    if (Date.now() - this.drawnAt < REDRAW_MS) return;
    this.drawnAt = Date.now();
    this.draw();
  }

  private mayImport(): boolean {
    const report = this.answer?.report;
    if (this.running || !report?.dry_run) return false;
    const good = report.rows - report.faults;
    return good > 0 && (this.mode === "good" || report.faults === 0);
  }

  private draw(): void {
    const { answer, fault } = this;
    this.begin.textContent = t("import.begin");
    this.begin.disabled = !this.mayImport();
    URL.revokeObjectURL(this.download);
    this.download = "";
    if (fault !== null) this.result.replaceChildren(faultBox(fault, () => void this.run(this.dryRun)));
    else if (answer === null) this.result.replaceChildren(h("p.empty", {}, t("import.empty")));
    else this.result.replaceChildren(...this.progress(answer), ...this.outcome(answer), ...this.faults(answer));
  }

  private progress(answer: ImportAnswer): HTMLElement[] {
    if (!this.running) return [];
    const done = this.dryRun ? answer.checked : answer.registered;
    const bar = done === 0 || answer.read === 0 ? h("progress", { "aria-label": t("import.running") }) : h("progress", { "aria-label": t("import.running"), max: answer.read, value: Math.min(done, answer.read) });
    const count = (number: number): string => numberText(number, language());
    const text = t("import.progress", { read: count(answer.read), checked: count(answer.checked), registered: count(answer.registered) });
    return [bar, answer.read === 0 ? loading() : h("p.note", {}, text)];
  }

  private outcome(answer: ImportAnswer): HTMLElement[] {
    if (answer.problem !== "") return [h("p.fault", { role: "alert" }, h("span", { lang: "en" }, answer.problem), ` ${t("import.again")}`)];
    const { report } = answer;
    if (report === null) return this.running ? [] : [h("p.fault", { role: "alert" }, t("import.cut"))];
    const kept = !report.dry_run && this.mode === "all" && report.faults > 0;
    const head = report.dry_run ? "import.checked" : kept ? "import.refused" : "import.done";
    const fact = (name: string, value: number): HTMLElement => h("div", {}, h("dt", {}, name), h("dd", {}, numberText(value, language())));
    return [
      h("h2", {}, t(head)),
      h(
        "dl.facts.tiles",
        {},
        fact(t("import.rows"), report.rows),
        fact(t("import.created"), report.created),
        fact(t("import.updated"), report.updated),
        fact(t("import.unchanged"), report.unchanged),
        fact(t("import.faults"), report.faults),
      ),
      h("p.note", {}, t("import.encoding", { name: report.encoding.toUpperCase() })),
      ...(report.dry_run && report.faults > 0 && this.mode === "all" ? [h("p.warn", {}, t("import.hint"))] : []),
    ];
  }

  private faults({ faults }: ImportAnswer): HTMLElement[] {
    if (faults.length === 0 || this.running) return [];
    this.download = URL.createObjectURL(new Blob([faultsCsv(faults)], { type: "text/csv" }));
    const english = (text: string): HTMLElement => h("span", { lang: "en" }, text);
    const rows = faults.slice(0, SHOWN).map((one) => [String(one.line), one.column ?? "–", one.device ?? "–", english(one.message), english(one.cure)]);
    const columns = [t("import.line"), t("import.column"), t("record.device"), t("import.reason"), t("import.cure")];
    return [
      h("div.head-row", {}, h("h2", {}, t("import.faults")), h("a.download", { href: this.download, download: "import-faults.csv" }, t("import.download"))),
      table(t("import.faults"), columns, rows),
      ...(faults.length > SHOWN ? [h("p.note", {}, t("attention.more", { count: faults.length - SHOWN }))] : []),
    ];
  }
}
