import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { codeFault, codeText, inGroups } = await load("field/code.ts");
const { idIsSound, keyIsSound, readLabel } = await load("field/label.ts");
const KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

test("a code is read as the platform reads it", () => {
  // The same examples as in device-registry's tests of claim codes.
  assert.equal(codeFault("2222-2222-2222"), null);
  assert.equal(codeFault("2222 2222 2223"), "checksum");
  assert.equal(codeFault("7KQ4"), "short");
  for (const text of ["OOOO-IIII-1111", "한강-한강-한강", "2222-2222-2222-2222"]) assert.equal(codeFault(text), "letter", text);
  assert.equal(inGroups("zzzz zzzzzzzz"), "2222-2222-2222");
  assert.equal(inGroups("bsvz"), "85U2");
  assert.equal(codeText("https://iot.example.kr/field#2222-2222-2222"), "2222-2222-2222");
});

test("one wrong letter and two that are swapped are found", () => {
  const code = "2222222222AG";
  const sound = [..."23456789ACDEFGHJKMNPQRTUWXY"].map((last) => code.slice(0, 11) + last).filter((text) => codeFault(text) === null);
  assert.ok(sound.length <= 1, "one last letter at most fits");
  const other = "3222-2222-2222";
  assert.equal(codeFault(other), "checksum");
});

test("a label's id, key, or both are told apart", () => {
  assert.deepEqual(readLabel(" lamp-17 "), { id: "lamp-17" });
  assert.deepEqual(readLabel(KEY), { key: KEY });
  assert.deepEqual(readLabel(JSON.stringify({ id: "lamp-17", public_key: KEY })), { id: "lamp-17", key: KEY });
  for (const text of ["", "https://example.kr/x", "{}", "{", '{"id": 1}', ".."]) assert.equal(readLabel(text), null, text);
  assert.equal(keyIsSound(KEY.slice(1)), false);
  assert.equal(idIsSound("x".repeat(65)), false);
});
