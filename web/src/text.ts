// The words of the pages in both languages, and which one is on.

import type { Language } from "./format";
import { en } from "./texts/en";
import { ko } from "./texts/ko";

export type Key = keyof typeof en;

const STORED = "madang.language";
const DICTIONARIES: Record<Language, Record<Key, string>> = { en, ko };
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

export const language = (): Language => current;

export function t(key: Key, values: Record<string, string | number> = {}): string {
  return DICTIONARIES[current][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Whether the dictionary has a word for a code that the server sent. */
export function word(prefix: string, code: string): string {
  const key = `${prefix}.${code}`;
  return key in en ? t(key as Key) : code;
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
