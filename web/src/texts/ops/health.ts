// The devices by their health.

import type { Texts } from "../keys";

export const healthTexts = {
  "health.score": { en: "Score", ko: "점수" },
  "health.at": { en: "Looked at", ko: "확인 시각" },
  "health.band.good": { en: "Good", ko: "양호" },
  "health.band.fair": { en: "Fair", ko: "보통" },
  "health.band.poor": { en: "Poor", ko: "불량" },
  "health.band.unknown": { en: "Not looked at yet", ko: "미확인" },
  "health.oldest": {
    en: "A score is about the 24 hours before the device was looked at. The oldest look was at {time}.",
    ko: "점수는 장치를 확인하기 전 24시간을 나타냅니다. 가장 오래된 확인 시각은 {time}입니다.",
  },
  "health.oldest.none": {
    en: "A score is about the 24 hours before the device was looked at. No device was looked at yet.",
    ko: "점수는 장치를 확인하기 전 24시간을 나타냅니다. 아직 확인한 장치가 없습니다.",
  },
  "health.none": { en: "No device has a score yet.", ko: "아직 점수가 있는 장치가 없습니다." },
  "health.below": { en: "Below {score}", ko: "{score}점 미만" },
  "health.below.all": { en: "Every score", ko: "모든 점수" },
  "health.cause": { en: "Reason", ko: "원인" },
  "health.cause.all": { en: "Every reason", ko: "모든 원인" },
  "health.cause.never": { en: "Never sent anything", ko: "한 번도 보내지 않음" },
  "health.cause.silent": { en: "Silent", ko: "수신 끊김" },
  "health.cause.missed": { en: "Missing readings", ko: "측정값 누락" },
  "health.cause.clock-ahead": { en: "Clock is ahead", ko: "시계가 빠름" },
  "health.cause.clock-late": { en: "Clock is slow, or it sends late", ko: "시계가 느리거나 늦게 보냄" },
  "health.cause.implausible": { en: "Doubtful values", ko: "의심스러운 값" },
  "health.cause.stuck": { en: "Unchanged value", ko: "변하지 않는 값" },
  "health.cause.drift": { en: "Differs from its neighbours", ko: "주변 장치와 다름" },
  "health.cause.repeated": { en: "Repeated readings", ko: "반복된 측정값" },
  "health.cause.refused": { en: "Refused messages", ko: "거부된 메시지" },
  "health.cause.battery-low": { en: "Low battery", ko: "배터리 부족" },
  "health.cause.signal-weak": { en: "Weak signal", ko: "약한 신호" },
} satisfies Texts;
