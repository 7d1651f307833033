// What stands on a device's label: its id, its public key, or both as JSON.

export interface Label {
  id?: string;
  key?: string;
}

const ID = /^[A-Za-z0-9._~-]{1,64}$/;
/** Bytes of a raw Ed25519 key and of a P-256 point. */
const KEY_BYTES = [32, 65];

export const idIsSound = (text: string): boolean => ID.test(text) && text !== "." && text !== "..";

export function keyIsSound(text: string): boolean {
  if (text.includes("-----BEGIN PUBLIC KEY-----")) return true;
  const base64 = text.trim().replace(/-/g, "+").replace(/_/g, "/");
  try {
    return KEY_BYTES.includes(atob(base64).length);
  } catch {
    return false;
  }
}

/** Null where a text is none of them. */
export function readLabel(text: string): Label | null {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return fromJson(trimmed);
  if (keyIsSound(trimmed)) return { key: trimmed };
  return idIsSound(trimmed) ? { id: trimmed } : null;
}

function fromJson(text: string): Label | null {
  let json: { id?: unknown; public_key?: unknown };
  try {
    json = JSON.parse(text) as typeof json;
  } catch {
    return null;
  }
  const label: Label = {};
  if (typeof json.id === "string" && idIsSound(json.id)) label.id = json.id;
  if (typeof json.public_key === "string" && keyIsSound(json.public_key)) label.key = json.public_key;
  return label.id === undefined && label.key === undefined ? null : label;
}
