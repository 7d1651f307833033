// The pages' only way to the platform: same origin, JSON, problem+json.

import type { Page, Problem } from "./shapes";

/** Pages of a list that are followed at most: 20 x 10,000 items. */
const MAX_PAGES = 20;
/** A request that has no answer by then has failed, in milliseconds. */
const DEADLINE_MS = 20_000;

/** An answer that is not a success; status 0: there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly requestId: string | null,
    readonly retryAfter: number | null,
    /** The problem's own word for what is wrong. */
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/** What takes longer than `milliseconds` has failed. */
export async function request<T>(path: string, init: RequestInit = {}, milliseconds: number = DEADLINE_MS): Promise<T> {
  const abort = new AbortController();
  const deadline = setTimeout(() => abort.abort(), milliseconds);
  try {
    const response = await fetch(path, { ...init, signal: abort.signal, headers: { Accept: "application/json", ...init.headers } });
    learnClock(response);
    if (!response.ok) throw await refusal(response);
    return (response.status === 204 ? undefined : await response.json()) as T;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(0, "", null, null);
  } finally {
    clearTimeout(deadline);
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => null)) as Problem | null;
  const after = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    problem?.detail ?? problem?.title ?? "",
    problem?.request_id ?? response.headers.get("X-Request-Id"),
    Number.isFinite(after) && after > 0 ? after : null,
    problem?.code ?? null,
  );
}

export const get = <T>(path: string, init: RequestInit = {}): Promise<T> => request<T>(path, init);

export function post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  return request<T>(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } });
}

export function patch<T>(path: string, body: unknown): Promise<T> {
  return request<T>(path, { method: "PATCH", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
}

export function put<T>(path: string, body: unknown): Promise<T> {
  return request<T>(path, { method: "PUT", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
}

export const remove = (path: string): Promise<void> => request(path, { method: "DELETE" });

/** Sends a file, and passes on each line of the answer as it comes. However long
 * it takes: there is no deadline. */
export async function postLines<T>(path: string, body: Blob, type: string, each: (line: T) => void): Promise<void> {
  let response: Response;
  try {
    response = await fetch(path, { method: "POST", body, headers: { "Content-Type": type, Accept: "application/x-ndjson" } });
  } catch {
    throw new ApiError(0, "", null, null);
  }
  if (!response.ok || response.body === null) throw await refusal(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
    // A line that was cut off at the end is none.
    if (done) return;
    const lines = (rest + (value ?? "")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") each(JSON.parse(line) as T);
  }
}

/** Pages of a table that are joined at most. */
const MAX_CSV_PAGES = 10;

/** A list as one table in CSV: the pages that follow lose their first line, which
 * is the first page's too. */
export async function csv(path: string): Promise<{ table: Blob; complete: boolean }> {
  const parts: string[] = [];
  let next: string | null = path;
  for (let page = 0; next !== null && page < MAX_CSV_PAGES; page++) {
    const response: Response = await fetch(next, { headers: { Accept: "text/csv" } }).catch(() => {
      throw new ApiError(0, "", null, null);
    });
    if (!response.ok) throw await refusal(response);
    const text = await response.text();
    parts.push(page === 0 ? text : text.slice(text.indexOf("\n") + 1));
    const following: string | undefined = /<([^>]+)>; rel="next"/.exec(response.headers.get("Link") ?? "")?.[1];
    next = following === undefined ? null : samePlace(following, location.origin);
  }
  // A byte order mark, by which spreadsheets know UTF-8.
  return { table: new Blob(["\ufeff", ...parts], { type: "text/csv" }), complete: next === null };
}

/** `next` names the host as the server saw it; behind a proxy only its path holds. */
export function samePlace(next: string, origin: string): string {
  const url = new URL(next, origin);
  return url.pathname + url.search;
}

/** Follows a list to its end, or as far as MAX_PAGES. */
export async function all<T, P extends Page<T> = Page<T>>(path: string, each?: (page: P) => void, init: RequestInit = {}): Promise<{ items: T[]; complete: boolean }> {
  const items: T[] = [];
  let next: string | null = path;
  for (let page = 0; next !== null && page < MAX_PAGES; page++) {
    const answer: P = await get<P>(next, init);
    each?.(answer);
    for (const item of answer.items) items.push(item);
    next = answer.next === null ? null : samePlace(answer.next, location.origin);
  }
  return { items, complete: next === null };
}

/** The server's clock minus the browser's, in milliseconds, as of the last
 * answer: a device is not silent because somebody's laptop is ahead. */
let skew = 0;

/** Ignored below it: the Date header has whole seconds. */
const SKEW_NOTICED_MS = 5_000;

function learnClock(response: Response): void {
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (Number.isNaN(date)) return;
  const difference = date - Date.now();
  skew = Math.abs(difference) > SKEW_NOTICED_MS ? difference : 0;
}

export const serverNow = (): number => Date.now() + skew;
