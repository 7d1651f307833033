// A claim's code as somebody types or scans it: the rules of the platform
// (`device-registry/src/enrolment/claim_code.rs`), so that a typing error shows
// without a network.

const ALPHABET = "23456789ACDEFGHJKMNPQRTUWXY";
/** What each is read as that looks like another. */
const LIKENESSES: Record<string, string> = { B: "8", S: "5", V: "U", Z: "2" };
const CHARS = 12;
const PRIME = 29;

export type CodeFault = "short" | "letter" | "checksum";

/** Out of an address with the code in its fragment, or out of the code alone. */
export function codeText(scanned: string): string {
  const fragment = scanned.indexOf("#");
  return (fragment < 0 ? scanned : decodeURIComponent(scanned.slice(fragment + 1))).trim();
}

function letters(text: string): string {
  return [...text.toUpperCase().replace(/[\s-]/g, "")].map((letter) => LIKENESSES[letter] ?? letter).join("");
}

/** In groups of four, as it is printed. */
export const inGroups = (text: string): string => letters(text).replace(/(.{4})(?=.)/g, "$1-");

export function codeFault(text: string): CodeFault | null {
  const digits = [...letters(text)].map((letter) => ALPHABET.indexOf(letter));
  if (digits.includes(-1)) return "letter";
  if (digits.length !== CHARS) return digits.length < CHARS ? "short" : "letter";
  const weighted = digits.reduce((sum, digit, at) => sum + (at + 1) * digit, 0);
  return weighted % PRIME === 0 ? null : "checksum";
}
