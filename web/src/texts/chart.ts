// The chart of one datastream, of the dashboard and of the portal.

import type { Texts } from "./keys";

export const chartTexts = {
  "chart.head": { en: "History of {field}", ko: "{field} 이력" },
  "chart.none": { en: "No numbers in this time.", ko: "이 기간에는 수치가 없습니다." },
  "chart.range": { en: "Time span", ko: "기간" },
  "chart.1h": { en: "1 h", ko: "1시간" },
  "chart.6h": { en: "6 h", ko: "6시간" },
  "chart.24h": { en: "24 h", ko: "24시간" },
  "chart.7d": { en: "7 d", ko: "7일" },
  "chart.label": { en: "{field}: from {min} to {max} {unit}, newest {last}", ko: "{field}: 최소 {min}, 최대 {max} {unit}, 최신 {last}" },
  "chart.band": { en: "line: mean, band: least to greatest", ko: "선: 평균, 띠: 최소~최대" },
} satisfies Texts;
