// Data models.

import type { Texts } from "../keys";

export const modelsTexts = {
  "model.field": { en: "Field", ko: "항목" },
  "model.name": { en: "Name in data", ko: "데이터상 이름" },
  "model.kind": { en: "Kind", ko: "형식" },
  "model.kind.number": { en: "number", ko: "숫자" },
  "model.kind.boolean": { en: "yes or no", ko: "예/아니요" },
  "model.kind.text": { en: "text", ko: "문자" },
  "model.unit": { en: "Unit", ko: "단위" },
  "model.range": { en: "Plausible range", ko: "유효 범위" },
  "model.version": { en: "version {version}", ko: "버전 {version}" },
  "model.kept.ever": { en: "kept for ever", ko: "영구 보관" },
} satisfies Texts;
