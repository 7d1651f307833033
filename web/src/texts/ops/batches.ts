// Batches.

import type { Texts } from "../keys";

export const batchesTexts = {
  "batches.list": { en: "Batches", ko: "일괄 등록 키 목록" },
  "batches.none": { en: "There is no batch yet.", ko: "아직 일괄 등록 키가 없습니다." },
  "batches.new": { en: "New batch", ko: "일괄 등록 키 만들기" },
  "batches.lead": {
    en: "A batch's credential goes into the firmware of a lot: each device enrols with it once, with a key of its own. It opens nothing else.",
    ko: "같은 생산분의 펌웨어에 넣는 키입니다. 각 장치는 처음 켜질 때 이 키로 자신의 공개 키를 한 번 등록하며, 다른 용도로는 쓸 수 없습니다.",
  },
  "batches.prefix": { en: "Ids begin with (optional)", ko: "장치 ID 앞부분 (선택)" },
  "batches.prefix.short": { en: "Ids begin with", ko: "장치 ID 앞부분" },
  "batches.devices": { en: "Devices at most", ko: "최대 장치 수" },
  "batches.enrolled": { en: "Enrolled", ko: "등록된 장치" },
  "batches.of": { en: "{enrolled} of {devices}", ko: "{devices}대 중 {enrolled}대" },
  "batches.ended": { en: "ended on {time}", ko: "{time}에 종료됨" },
  "batches.make": { en: "Make a batch", ko: "키 만들기" },
  "batches.issued": { en: "The batch's credential, for the maker's firmware. It is shown this once.", ko: "제조사의 펌웨어에 넣을 일괄 등록 키입니다. 지금 한 번만 표시됩니다." },
  "batches.end": { en: "End", ko: "종료" },
  "batches.sure": {
    en: "End the batch {name}? No further device enrols with it; those that have enrolled stay.",
    ko: "{name}을(를) 종료할까요? 더는 이 키로 장치를 등록할 수 없으며, 이미 등록된 장치는 그대로 남습니다.",
  },
} satisfies Texts;
