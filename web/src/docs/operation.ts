// One operation of the reference as an element.

import { copyButton, h, setText } from "../dom";
import { faultText } from "../faults";
import { t, word } from "../text";
import { type Draft, SHOWN_CHARACTERS, curl, send } from "./request";
import type { MediaType, Operation, Parameter, Reader } from "./schema";

export interface Listed {
  method: string;
  path: string;
  operation: Operation;
  parameters: Parameter[];
}

export const anchor = (one: Pick<Listed, "method" | "path">): string => `${one.method}-${one.path.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "")}`.toLowerCase();

export function operationElement(one: Listed, reader: Reader, key: () => string): HTMLElement {
  const { method, path, operation } = one;
  const request = operation.requestBody ? reader.resolve(operation.requestBody) : undefined;
  const bodies = Object.entries(request?.content ?? {});
  return h(
    "article.operation",
    { id: anchor(one) },
    h("h3", {}, h("span.method", { class: `method ${method}` }, method), h("code", {}, path), h("a.anchor", { href: `#${anchor(one)}`, "aria-label": `${method} ${path}` }, "#")),
    operation.summary ? h("p.summary", { lang: "en" }, operation.summary) : null,
    operation.description ? h("p", { lang: "en" }, operation.description) : null,
    one.parameters.length > 0 && parameterTable(one.parameters, reader),
    bodies.length > 0 && h("h4", {}, t("docs.body")),
    ...bodies.map(([type, media]) => mediaElement(type, media, reader)),
    h("h4", {}, t("docs.answers")),
    ...Object.entries(operation.responses ?? {}).map(([status, raw]) => answer(status, reader, raw)),
    tryIt(one, bodies, reader, key),
  );
}

function parameterTable(parameters: readonly Parameter[], reader: Reader): HTMLElement {
  const rows = parameters.map((parameter) =>
    h(
      "tr",
      {},
      h("td", {}, h("code", {}, parameter.name), parameter.required ? h("small.required", {}, ` ${t("docs.required")}`) : null),
      h("td", {}, word("docs.in", parameter.in)),
      h("td", {}, h("code", {}, reader.typeText(parameter.schema))),
      h("td", { lang: "en" }, parameter.description ?? ""),
    ),
  );
  const heads = (["docs.name", "docs.in", "docs.type", "docs.meaning"] as const).map((name) => h("th", { scope: "col" }, t(name)));
  return h("section", {}, h("h4", {}, t("docs.parameters")), h("div.scroll", { tabindex: 0 }, h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows))));
}

const exampleText = (example: unknown): string => (typeof example === "string" ? example : JSON.stringify(example, null, 2));

function mediaElement(type: string, media: MediaType, reader: Reader): HTMLElement {
  const example = reader.bodyExample(media);
  return h("div.example", {}, h("small", {}, `${t("docs.example")} · ${type}`), example === undefined ? null : h("pre", { tabindex: 0 }, h("code", {}, exampleText(example))));
}

function answer(status: string, reader: Reader, raw: NonNullable<Operation["responses"]>[string]): HTMLElement {
  const response = reader.resolve(raw);
  const contents = Object.entries(response.content ?? {});
  const head = h("span", {}, h("b", { class: `status s${status[0] ?? ""}` }, status), " ", h("span", { lang: "en" }, response.description ?? ""));
  if (contents.length === 0) return h("div.answer", {}, head);
  const details = h("details.answer", {}, h("summary", {}, head), ...contents.map(([type, media]) => mediaElement(type, media, reader)));
  details.open = status.startsWith("2");
  return details;
}

/** A form of the parameters, the curl line that it stands for, and the answer. */
function tryIt(one: Listed, bodies: [string, MediaType][], reader: Reader, key: () => string): HTMLElement {
  const body = bodies[0];
  const example = body ? reader.bodyExample(body[1]) : undefined;
  const draft: Draft = { method: one.method.toUpperCase(), path: one.path, inPath: {}, inQuery: {}, body: example === undefined ? "" : exampleText(example), contentType: body?.[0] ?? "application/json", key: "" };
  const line = h("code");
  const show = (): void => {
    draft.key = key();
    setText(line, curl(draft, location.origin));
  };
  const inputs = one.parameters
    .filter((parameter) => parameter.in === "path" || parameter.in === "query")
    .map((parameter) => parameterInput(parameter, parameter.in === "path" ? draft.inPath : draft.inQuery, show));
  const area = h("textarea", { rows: Math.min(14, draft.body.split("\n").length + 1), "aria-label": t("docs.body"), spellcheck: "false" });
  area.value = draft.body;
  area.addEventListener("input", () => {
    draft.body = area.value;
    show();
  });
  const status = h("p.note", { role: "status", "aria-live": "polite" });
  const output = h("pre", { tabindex: 0, hidden: true });
  const run = async (): Promise<void> => {
    show();
    setText(status, t("loading"));
    try {
      const reply = await send(draft);
      setText(status, t("docs.sent", { status: reply.status, milliseconds: reply.milliseconds }) + (reply.cut ? ` · ${t("docs.cut", { count: SHOWN_CHARACTERS })}` : ""));
      output.replaceChildren(h("code", {}, reply.text));
      output.hidden = reply.text === "";
    } catch (error) {
      setText(status, faultText(error));
    }
  };
  show();
  const details = h(
    "details.try",
    {},
    h("summary", {}, t("docs.try")),
    inputs.length > 0 && h("div.inputs", {}, ...inputs),
    body && area,
    h("div.line-body", {}, h("pre", { tabindex: 0 }, line), copyButton(() => t("copy"), () => t("copied"), () => line.textContent ?? "")),
    one.path.endsWith("/stream") && h("p.note", {}, t("docs.stream")),
    draft.method !== "GET" && h("p.warn", {}, t("docs.change")),
    h("button.primary", { type: "button", onclick: () => void run() }, t("docs.send")),
    status,
    output,
  );
  details.addEventListener("toggle", show);
  return details;
}

function parameterInput(parameter: Parameter, into: Record<string, string>, changed: () => void): HTMLElement {
  const first = parameter.required && parameter.example !== undefined ? String(parameter.example) : "";
  const input = h("input", { spellcheck: "false", autocomplete: "off", value: first, placeholder: parameter.example === undefined ? "" : String(parameter.example) });
  into[parameter.name] = first;
  input.addEventListener("input", () => {
    into[parameter.name] = input.value;
    changed();
  });
  return h("label", {}, h("span", {}, parameter.name, parameter.required ? " *" : ""), input);
}
