// Shares: what one agency lets another read.

import type { Texts } from "../keys";

export const sharesTexts = {
  "shares.list": { en: "Shares", ko: "공유 목록" },
  "shares.none": { en: "Nothing is shared yet.", ko: "아직 공유가 없습니다." },
  "shares.new": { en: "New share", ko: "공유 추가" },
  "shares.lead": {
    en: "Whoever may read data in the other agency reads this too, what is restricted as well, until the share ends. It is read, and not changed.",
    ko: "받는 기관에서 데이터 조회 권한이 있는 사람은 공유가 끝날 때까지 비공개 데이터도 조회할 수 있습니다. 조회만 할 수 있습니다.",
  },
  "shares.from": { en: "Whose data", ko: "주는 기관" },
  "shares.to": { en: "Read by", ko: "받는 기관" },
  "shares.to.id": { en: "Id of the other agency", ko: "받는 기관 ID" },
  "shares.what": { en: "What", ko: "공유 대상" },
  "shares.position": { en: "Position", ko: "위치" },
  "shares.exact": { en: "exact", ko: "정확한 위치" },
  "shares.coarse": { en: "about 100 m", ko: "약 100 m 단위" },
  "shares.until": { en: "Last day (empty: until it is ended)", ko: "마지막 날 (비우면 끝낼 때까지)" },
  "shares.for-good": { en: "until it is ended", ko: "끝낼 때까지" },
  "shares.ended": { en: "ended", ko: "끝남" },
  "shares.active": { en: "active", ko: "공유 중" },
  "shares.model": { en: "Data model: {name}", ko: "데이터 모델: {name}" },
  "shares.group": { en: "Group: {name}", ko: "그룹: {name}" },
  "shares.make": { en: "Share", ko: "공유하기" },
  "shares.end": { en: "End", ko: "공유 끝내기" },
  "shares.remove": { en: "Remove", ko: "목록에서 삭제" },
  "shares.sure": { en: "End the share with {name}? What it reads by it ends at once.", ko: "{name}에 대한 공유를 끝낼까요? 바로 조회할 수 없게 됩니다." },
} satisfies Texts;
