// The words of the pages in both languages, and which one is on.

import type { Language } from "./format";
import type { Key, Texts } from "./texts/keys";
import { sharedTexts } from "./texts/shared";

export type { Key } from "./texts/keys";

const STORED = "madang.language";
/** Each page adds its own, so that none loads another's. */
const texts: Texts = { ...sharedTexts };
const listeners: (() => void)[] = [];

let current: Language = initial();

function initial(): Language {
  const stored = readStored();
  if (stored === "ko" || stored === "en") return stored;
  return navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
}

/** A browser may forbid storage; the toggle then holds for this page only. */
function readStored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** Called by the module that says these texts, before anything is shown. */
export const learn = (more: Texts): void => void Object.assign(texts, more);

export const language = (): Language => current;

export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = texts[key]?.[current] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The word for a code that the server sent, or the code itself where there is none. */
export function word(prefix: string, code: string): string {
  const key = `${prefix}.${code}`;
  return key in texts ? t(key as Key) : code;
}

export function onLanguage(listener: () => void): void {
  listeners.push(listener);
}

export function setLanguage(next: Language): void {
  current = next;
  try {
    localStorage.setItem(STORED, next);
  } catch {
    // Storage is forbidden here: nothing to remember it with.
  }
  translate();
  for (const listener of listeners) listener();
}

/** Fills every element that names its text: `data-t`, and `data-t-ATTRIBUTE`. */
export function translate(): void {
  document.documentElement.lang = current;
  for (const element of document.querySelectorAll<HTMLElement>("[data-t]")) element.textContent = t(element.dataset["t"] as Key);
  for (const attribute of ["placeholder", "aria-label", "title"]) {
    for (const element of document.querySelectorAll(`[data-t-${attribute}]`)) {
      element.setAttribute(attribute, t(element.getAttribute(`data-t-${attribute}`) as Key));
    }
  }
  const title = document.documentElement.dataset["title"];
  if (title) document.title = t(title as Key);
}

/** The two-language switch in each page's header. */
export function startLanguageSwitch(): void {
  const button = document.querySelector<HTMLButtonElement>("#language");
  if (!button) return;
  const show = (): void => {
    button.textContent = current === "ko" ? "English" : "한국어";
    button.lang = current === "ko" ? "en" : "ko";
  };
  button.addEventListener("click", () => setLanguage(current === "ko" ? "en" : "ko"));
  onLanguage(show);
  show();
  translate();
}
