// A request of the reference: the curl line for it, and sending it.

export interface Draft {
  method: string;
  path: string;
  /** Values of parameters by place and name; empty ones are left out. */
  inPath: Record<string, string>;
  inQuery: Record<string, string>;
  body: string;
  contentType: string;
  key: string;
}

/** What is shown of an answer, in characters, and of a stream, in events. */
export const SHOWN_CHARACTERS = 20_000;
const STREAM_EVENTS = 3;
const STREAM_MS = 8_000;

export function target(draft: Draft): string {
  const path = draft.path.replace(/\{\*?(\w+)\}/g, (whole, name: string) => {
    const value = draft.inPath[name] ?? "";
    return value === "" ? whole : encodeURIComponent(value);
  });
  const query = Object.entries(draft.inQuery).filter(([, value]) => value !== "");
  // Commas and colons stay readable; they are allowed in a query.
  const encode = (text: string): string => encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":");
  return path + (query.length > 0 ? `?${query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&")}` : "");
}

/** Quotes for a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export function curl(draft: Draft, origin: string): string {
  const parts = ["curl", draft.method === "GET" ? "-s" : `-s -X ${draft.method}`];
  if (draft.key !== "") parts.push(`-H ${quoted(`Authorization: Bearer ${draft.key}`)}`);
  if (draft.body !== "") parts.push(`-H ${quoted(`Content-Type: ${draft.contentType}`)}`, `-d ${quoted(draft.body)}`);
  return [...parts, quoted(origin + target(draft))].join(" ");
}

export interface Reply {
  status: number;
  milliseconds: number;
  text: string;
  cut: boolean;
}

export async function send(draft: Draft): Promise<Reply> {
  const begun = performance.now();
  const abort = new AbortController();
  const headers: Record<string, string> = {};
  if (draft.key !== "") headers["Authorization"] = `Bearer ${draft.key}`;
  if (draft.body !== "") headers["Content-Type"] = draft.contentType;
  const response = await fetch(target(draft), { method: draft.method, headers, signal: abort.signal, ...(draft.body !== "" ? { body: draft.body } : {}) });
  const milliseconds = Math.round(performance.now() - begun);
  const type = response.headers.get("Content-Type") ?? "";
  const text = type.startsWith("text/event-stream") ? await firstEvents(response, abort) : await response.text();
  return { status: response.status, milliseconds, text: pretty(text, type).slice(0, SHOWN_CHARACTERS), cut: text.length > SHOWN_CHARACTERS };
}

function pretty(text: string, type: string): string {
  if (!type.includes("json")) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function firstEvents(response: Response, abort: AbortController): Promise<string> {
  const timer = setTimeout(() => abort.abort(), STREAM_MS);
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (reader && text.split("\n\n").length <= STREAM_EVENTS && text.length < SHOWN_CHARACTERS) {
      const { value, done } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The time is over: what came until then is shown.
  }
  clearTimeout(timer);
  abort.abort();
  return text;
}
