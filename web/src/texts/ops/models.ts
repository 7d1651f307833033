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
  "model.interval": { en: "a reading every {seconds} s", ko: "{seconds}초마다 측정" },
  "model.agency": { en: "own model of {name}", ko: "{name} 전용 모델" },
  "model.versions": { en: "Versions", ko: "버전 이력" },
  "model.next": { en: "New version", ko: "새 버전 만들기" },
  "model.own": { en: "Make an agency's own model of it", ko: "기관 전용 모델로 만들기" },
  "model.refine": { en: "Refine it for an agency", ko: "기관별로 조정" },
  "model.refined-by": { en: "refined by {name}", ko: "{name} 조정" },
  "model.new": { en: "New model or version", ko: "모델 또는 새 버전 추가" },
  "model.lead": {
    en: "An agency's own model has an id that ends with ~ and the agency's id. A new version may add fields and change ranges and titles; it removes no field and changes no unit.",
    ko: "기관 전용 모델의 ID는 ~와 기관 ID로 끝납니다. 새 버전에서는 항목을 추가하고 범위와 이름을 바꿀 수 있지만, 항목을 없애거나 단위를 바꿀 수는 없습니다.",
  },
  "model.file": { en: "The model as JSON", ko: "모델 JSON" },
  "model.added": { en: "{id} is now at version {version}.", ko: "{id} 모델이 버전 {version}이 되었습니다." },
} satisfies Texts;
