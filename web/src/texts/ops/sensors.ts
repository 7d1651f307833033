// Sensors of a device, and their calibrations.

import type { Texts } from "../keys";

export const sensorsTexts = {
  "sensors.none": { en: "No sensor is known of this device.", ko: "이 장치에 등록된 센서가 없습니다." },
  "sensors.serial": { en: "Serial number", ko: "일련번호" },
  "sensors.maker": { en: "Maker", ko: "제조사" },
  "sensors.model": { en: "Maker's model", ko: "제조사 모델명" },
  "sensors.measures": { en: "Measures", ko: "측정 항목" },
  "sensors.installed": { en: "Installed", ko: "설치" },
  "sensors.removed": { en: "Taken away", ko: "철거" },
  "sensors.datasheet": { en: "Datasheet", ko: "데이터시트" },
  "sensors.note": { en: "Note", ko: "메모" },
  "sensors.calibrations": { en: "Calibrations", ko: "교정 기록" },
  "sensors.calibrations.none": { en: "No calibration is recorded.", ko: "교정 기록이 없습니다." },
  "sensors.at": { en: "Calibrated on", ko: "교정일" },
  "sensors.by": { en: "By", ko: "교정 기관" },
  "sensors.certificate": { en: "Certificate", ko: "성적서 번호" },
  "sensors.until": { en: "Valid until", ko: "유효 기간" },
  "sensors.expired": { en: "{time} (has run out)", ko: "{time} (만료)" },
  "sensors.until.day": { en: "Last valid day (optional)", ko: "유효 기간 마지막 날(선택)" },
  "sensors.result": { en: "Result", ko: "결과" },
  "sensors.record": { en: "Record", ko: "기록" },
  "sensors.calibrate": { en: "Record a calibration", ko: "교정 기록 추가" },
  "sensors.take": { en: "Take away now", ko: "철거하기" },
  "sensors.sure": { en: "Take {name} away? It stays in the history.", ko: "{name}을 철거할까요? 이력은 남습니다." },
  "sensors.new": { en: "New sensor", ko: "센서 추가" },
  "sensors.lead": { en: "One that measures the same as another takes its place from its installation on.", ko: "같은 항목을 측정하는 센서를 추가하면 설치한 때부터 기존 센서를 대신합니다." },
  "sensors.installed.day": { en: "Installed on (empty: now)", ko: "설치일 (비우면 지금)" },
} satisfies Texts;
