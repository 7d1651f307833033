// Agencies.

import type { Texts } from "../keys";

export const agenciesTexts = {
  "agencies.none": { en: "There is no agency yet.", ko: "아직 기관이 없습니다." },
  "agencies.new": { en: "New agency", ko: "기관 추가" },
  "agencies.id": { en: "Id", ko: "기관 ID" },
  "agencies.kept": { en: "Own retention", ko: "데이터 모델과 다른 보관 기간" },
  "agencies.as-models": { en: "as the models say", ko: "데이터 모델과 같음" },
  "agencies.retention": { en: "How long data is kept", ko: "데이터 보관 기간" },
  "agencies.retention.note": {
    en: "1 to 36,500 days. What is older is deleted soon, by whole days, and does not come back.",
    ko: "1일에서 36,500일까지 정할 수 있습니다. 기간이 지난 데이터는 곧 하루 단위로 삭제되며 되돌릴 수 없습니다.",
  },
  "agencies.days": { en: "Days (empty: as the model says)", ko: "일수 (비우면 모델대로)" },
  "agencies.sure": {
    en: "Change how long {agency} keeps {model}? Observations that are older then are deleted, and do not come back.",
    ko: "{agency}의 {model} 보관 기간을 바꿀까요? 새 기간보다 오래된 관측값은 삭제되며 되돌릴 수 없습니다.",
  },
} satisfies Texts;
