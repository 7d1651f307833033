// Building elements without a framework and without inline style or script,
// which the content security policy would refuse.

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | null | ((event: Event) => void)>;

/** `h("button.primary", {type: "submit", onclick: send}, "Send")`. */
export function h<K extends keyof HTMLElementTagNameMap>(
  selector: K | `${K}.${string}`,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag as K);
  if (classes.length > 0) element.className = classes.join(" ");
  assign(element, attributes);
  append(element, children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  assign(element, attributes);
  append(element, children);
  return element;
}

/** A drawing that the platform made, as SVG; an image with an address of its own
 * is refused by the content security policy. */
export const drawing = (source: string): Element => new DOMParser().parseFromString(source, "image/svg+xml").documentElement;

function assign(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== false) element.setAttribute(name, String(value));
  }
}

function append(element: Element, children: Child[]): void {
  for (const child of children) if (child) element.append(child);
}

/** The element that the page is known to have. */
export function byId<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as T;
}

/** Changes text only where it differs: screen readers and layout stay calm. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function copyButton(label: () => string, done: () => string, text: () => string): HTMLButtonElement {
  const button = h("button.copy", { type: "button" }, label());
  button.addEventListener("click", () => {
    void copy(text()).then(() => {
      button.textContent = done();
      setTimeout(() => (button.textContent = label()), COPIED_SHOWN_MS);
    });
  });
  return button;
}

const COPIED_SHOWN_MS = 1_500;

/** The clipboard API needs a secure context; a city's test server by plain
 * HTTP has none, so a selection is copied there. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = h("textarea.off-screen", { readonly: true, "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
