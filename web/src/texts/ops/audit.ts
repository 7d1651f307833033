// The audit.

import type { Texts } from "../keys";

export const auditTexts = {
  "audit.none": { en: "No entry fits.", ko: "해당하는 기록이 없습니다." },
  "audit.actor": { en: "Who", ko: "행위자" },
  "audit.kind": { en: "Kind", ko: "종류" },
  "audit.object": { en: "Object", ko: "대상 ID" },
  "audit.agency": { en: "Agency id", ko: "기관 ID" },
  "audit.from": { en: "From (day)", ko: "시작일" },
  "audit.to": { en: "Before (day)", ko: "종료일(미포함)" },
  "audit.export": { en: "Download these entries (JSON, at most 10,000)", ko: "이 기록 내려받기(JSON, 최대 10,000건)" },
  "audit.csv": { en: "Download these entries (CSV)", ko: "이 항목 내려받기(CSV)" },
  "audit.csv.cut": { en: "The table has the oldest 100,000 entries. Choose fewer days for the others.", ko: "가장 오래된 100,000건만 담았습니다. 나머지는 기간을 좁혀 내려받으세요." },
  "audit.before": { en: "before", ko: "변경 전" },
  "audit.after": { en: "after", ko: "변경 후" },
} satisfies Texts;
