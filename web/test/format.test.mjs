import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const format = await load("format.ts");

test("a number keeps about four digits", () => {
  for (const [value, text] of [[3.14159, "3.14"], [0.0312, "0.031"], [123.456, "123.5"], [12345.6, "12,346"], [7, "7"], [-3.2, "-3.2"], [1_200_000, "1,200,000"]]) {
    assert.equal(format.numberText(value, "en"), text);
  }
});

test("units read as people write them", () => {
  assert.equal(format.unitText("Cel", "ko"), "°C");
  assert.equal(format.unitText("ug/m3", "en"), "µg/m³");
  assert.equal(format.unitText("{vehicle}", "ko"), "대");
  assert.equal(format.unitText("{vehicle}", "en"), "vehicles");
  assert.equal(format.unitText("1", "en"), "");
  assert.equal(format.unitText("km/h", "ko"), "km/h");
  assert.equal(format.unitText(null, "ko"), "");
});

test("a value that is missing, true or a code has words", () => {
  const words = { yes: "예", no: "아니요", missing: "결측" };
  assert.deepEqual([null, true, false, "green", 0].map((value) => format.valueText(value, "ko", words)), ["결측", "예", "아니요", "green", "0"]);
});

test("times stand in the reader's zone, with its offset", () => {
  const at = new Date("2026-05-01T00:00:03.9Z");
  assert.equal(format.dateTimeText(at, 540), "2026-05-01 09:00:03 +09:00");
  assert.equal(format.dateTimeText(at, -210), "2026-04-30 20:30:03 −03:30");
  assert.equal(format.offsetText(345), "+05:45");
});

test("another day shows its date", () => {
  const now = new Date("2026-05-01T12:00:00Z");
  assert.equal(format.shortTimeText(new Date("2026-05-01T11:59:00Z"), now, 0), "11:59:00");
  assert.equal(format.shortTimeText(new Date("2020-08-08T11:59:00Z"), now, 0), "08-08 11:59");
});

test("an age has its largest unit; the future is now", () => {
  assert.equal(format.ageText(59_999, "en"), "59 s ago");
  assert.equal(format.ageText(60_000, "ko"), "1분 전");
  assert.equal(format.ageText(90_000_000, "ko"), "1일 전");
  assert.equal(format.ageText(-5_000, "ko"), "방금");
});

test("of a name in two languages the reader's half is shown", () => {
  assert.equal(format.nameText("Car park 3 · 주차장 노원구 3", "ko"), "주차장 노원구 3");
  assert.equal(format.nameText("한강홍수통제소 · Han River Flood Control Office", "en"), "Han River Flood Control Office");
  for (const name of ["청담대교", "A · B", "가 · 나", "A · 나 · C", ""]) assert.equal(format.nameText(name, "ko"), name);
});
