// What the operators' pages are made of.

import { copyButton, h } from "../../dom";
import { faultText } from "../../faults";
import { t } from "../../text";

type Cell = Node | string;

const ID = "[A-Za-z0-9._~\\-]{1,64}";

export function field(label: string, input: HTMLElement): HTMLElement {
  return h("label", {}, h("span", {}, label), input);
}

/** For an id of a device, an agency, a group. */
export const idInput = (name: string, required: boolean): HTMLInputElement => h("input", { name, required, pattern: ID, autocomplete: "off", autocapitalize: "none", spellcheck: "false" });

/** On a phone each row is a card, and each cell says its column. */
export function table(name: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): HTMLElement {
  const row = (cells: readonly Cell[]): HTMLElement => h("tr", {}, ...cells.map((cell, i) => h("td", { "data-column": columns[i] ?? "" }, cell)));
  return h(
    "table.records",
    { "aria-label": name },
    h("thead", {}, h("tr", {}, ...columns.map((column) => h("th", { scope: "col" }, column)))),
    h("tbody", {}, ...rows.map(row)),
  );
}

/** What went wrong, as the platform says it, and a way to try again. */
export function faultBox(error: unknown, again: () => void): HTMLElement {
  return h("div.fault", { role: "alert" }, h("p", {}, faultText(error)), h("button", { type: "button", onclick: again }, t("retry")));
}

export function select(name: string, chosen: string, every: string, options: readonly (readonly [string, string])[]): HTMLSelectElement {
  const element = h("select", { name }, h("option", { value: "" }, every), ...options.map(([value, text]) => h("option", { value }, text)));
  element.value = options.some(([value]) => value === chosen) ? chosen : "";
  return element;
}

/** One of them has to be chosen; of one alone it is that. */
export function chosenOne(name: string, options: readonly (readonly [string, string])[]): HTMLSelectElement {
  const element = select(name, options.length === 1 ? (options[0]?.[0] ?? "") : "", t("choose"), options);
  element.required = true;
  return element;
}

/** What is shown once, to be copied. */
export const secretLine = (text: string): HTMLElement => h("div.line-body", {}, h("pre", {}, text), copyButton(() => t("copy"), () => t("copied"), () => text));

/** Hands a file to the browser's downloads. */
export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  h("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}

/** The values of a form's named inputs. */
export function formValues(form: HTMLFormElement): Record<string, string> {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
}

/** The cursor of a list's next page. */
function nextCursor(next: string | null): string {
  return next === null ? "" : (new URL(next, location.origin).searchParams.get("cursor") ?? "");
}

/** `address` leads to the page of a cursor; an empty one is the first page's. */
export function paging(cursor: string, next: string | null, address: (cursor: string) => string): HTMLElement {
  const following = nextCursor(next);
  return h(
    "nav.paging",
    { "aria-label": t("record.paging") },
    cursor !== "" && h("a", { href: address("") }, t("record.first")),
    following !== "" && h("a", { href: address(following) }, t("record.next")),
  );
}

/** Draws anew; who was at an input stays there. */
export function redraw(host: HTMLElement, ...children: (Node | null | undefined | false)[]): void {
  const active = document.activeElement;
  const name = host.contains(active) ? active?.getAttribute("name") : null;
  host.replaceChildren(...children.filter((child) => child instanceof Node));
  if (name) host.querySelector<HTMLElement>(`[name="${CSS.escape(name)}"]`)?.focus();
}
