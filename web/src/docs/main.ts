// The API reference: /openapi.json as a page.

import { get } from "../api";
import { byId, h } from "../dom";
import { faultText } from "../faults";
import { tellIfSimulated } from "../simulated";
import { learn, onLanguage, startLanguageSwitch, t } from "../text";
import { docsTexts } from "../texts/docs";
import { type Listed, anchor, operationElement } from "./operation";
import { type OpenApi, type Operation, type Parameter, Reader } from "./schema";

learn(docsTexts);

const METHODS = ["get", "post", "put", "patch", "delete"];

let described: OpenApi | null = null;
let fault: unknown = null;

/** Untagged operations are grouped by the resource in their path. */
const resource = (path: string): string => /^\/v\d+\/(\w+)/.exec(path)?.[1] ?? "";

export function listed(document: OpenApi, reader: Reader): Map<string, Listed[]> {
  const groups = new Map<string, Listed[]>((document.tags ?? []).map((tag) => [tag.name, []]));
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    const shared = (item["parameters"] as Parameter[] | undefined) ?? [];
    for (const method of METHODS) {
      const operation = item[method] as Operation | undefined;
      if (!operation) continue;
      const parameters = [...shared, ...(operation.parameters ?? [])].map((parameter) => reader.resolve(parameter));
      const tag = operation.tags?.[0] ?? resource(path);
      groups.set(tag, [...(groups.get(tag) ?? []), { method, path, operation, parameters }]);
    }
  }
  return groups;
}

function show(): void {
  const [reference, contents] = [byId("reference"), byId("contents")];
  if (!described) {
    const again = h("button", { type: "button", onclick: () => void load() }, t("retry"));
    reference.replaceChildren(...(fault === null ? [h("p.empty", {}, t("loading"))] : [h("p.fault", { role: "alert" }, faultText(fault)), again]));
    return;
  }
  const reader = new Reader(described);
  const groups = [...listed(described, reader)].filter(([, operations]) => operations.length > 0);
  if (groups.length === 0) reference.replaceChildren(h("p.empty", {}, t("docs.empty")));
  else reference.replaceChildren(...groups.map(([tag, operations]) => section(tag, operations, reader)));
  contents.replaceChildren(
    ...groups.map(([tag, operations]) =>
      h("section", {}, h("h2", {}, tag || t("docs.other")), h("ul", {}, ...operations.map((one) => h("li", {}, h("a", { href: `#${anchor(one)}` }, h("span.method", { class: `method ${one.method}` }, one.method), h("span", {}, one.path)))))),
    ),
  );
  if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function section(tag: string, operations: readonly Listed[], reader: Reader): HTMLElement {
  const key = (): string => byId<HTMLInputElement>("docs-key").value.trim();
  const about = described?.tags?.find((one) => one.name === tag)?.description;
  return h("section", {}, h("h2", {}, tag || t("docs.other")), about ? h("p", { lang: "en" }, about) : null, ...operations.map((one) => operationElement(one, reader, key)));
}

async function load(): Promise<void> {
  fault = null;
  show();
  try {
    described = await get<OpenApi>("/openapi.json");
  } catch (error) {
    fault = error;
  }
  show();
}

startLanguageSwitch();
void tellIfSimulated();
onLanguage(show);
void load();
