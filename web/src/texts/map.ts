// The map, of the dashboard and of the installers' page.

import type { Texts } from "./keys";

export const mapTexts = {
  "map.head": { en: "Map", ko: "지도" },
  "map.label": {
    en: "Map of {count} devices. Arrow keys move, plus and minus zoom, zero fits all, Enter selects the nearest to the centre.",
    ko: "장치 {count}대를 표시한 지도. 화살표 키로 이동, 더하기와 빼기 키로 확대·축소, 0 키로 전체 보기, Enter 키로 중앙에서 가장 가까운 장치를 선택합니다.",
  },
  "map.in": { en: "Zoom in", ko: "확대" },
  "map.out": { en: "Zoom out", ko: "축소" },
  "map.fit": { en: "Fit all", ko: "전체 보기" },
  "map.source": { en: "Coast: Natural Earth", ko: "해안선: Natural Earth" },
  "map.invented": { en: "Invented island, coast: Natural Earth", ko: "가상의 섬, 해안선: Natural Earth" },
  "map.concern": { en: "value to look at", ko: "살펴볼 값" },
  "map.unplaced": { en: "{count} without a position", ko: "위치 미등록 {count}대" },
  "map.legend": { en: "Legend", ko: "범례" },
  "map.uncertain": { en: "uncertain or bad", ko: "품질 의심·불량" },
  "map.empty": { en: "No device with a position", ko: "위치가 등록된 장치가 없습니다" },
  "map.place": { en: "Map; the arrow keys move the place, plus and minus zoom", ko: "지도. 화살표 키로 위치를 옮기고 더하기와 빼기 키로 확대·축소합니다" },
} satisfies Texts;
