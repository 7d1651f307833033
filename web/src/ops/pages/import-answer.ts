// What an import answers, line by line, and its faults as a table. No DOM.

export interface ImportFault {
  line: number;
  device: string | null;
  column: string | null;
  code: string;
  message: string;
  cure: string;
}

export interface ImportReport {
  dry_run: boolean;
  encoding: string;
  rows: number;
  created: number;
  updated: number;
  unchanged: number;
  faults: number;
}

export type ImportLine =
  | { progress: { read?: number; checked?: number; registered?: number } }
  | { error: ImportFault }
  | { report: ImportReport }
  | { problem: { code: string; detail: string } };

export class ImportAnswer {
  read = 0;
  checked = 0;
  registered = 0;
  readonly faults: ImportFault[] = [];
  report: ImportReport | null = null;
  problem = "";

  take(line: ImportLine): void {
    if ("progress" in line) Object.assign(this, line.progress);
    else if ("error" in line) this.faults.push(line.error);
    else if ("report" in line) this.report = line.report;
    else this.problem = line.problem.detail;
  }
}

/** A table of the faults with a byte order mark, by which spreadsheets know UTF-8. */
export function faultsCsv(faults: readonly ImportFault[]): string {
  const rows = faults.map((one) => [String(one.line), one.column ?? "", one.device ?? "", one.code, one.message, one.cure]);
  return `\ufeff${[["line", "column", "device", "code", "reason", "cure"], ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** A spreadsheet takes a cell that begins so for a formula: it gets a quote, as in
 * the platform's own CSV. To read the text back, take one quote off. */
function cell(text: string): string {
  const safe = /^[=+\-@'\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function mediaType(fileName: string): string | null {
  if (/\.csv$/i.test(fileName)) return "text/csv";
  return /\.(ndjson|jsonl)$/i.test(fileName) ? "application/x-ndjson" : null;
}
