// Service tokens.

import type { Texts } from "../keys";

export const tokensTexts = {
  "tokens.none": { en: "There is no service token yet.", ko: "아직 서비스 토큰이 없습니다." },
  "tokens.name": { en: "Name of the program", ko: "프로그램 이름" },
  "tokens.until": { en: "Holds until", ko: "만료" },
  "tokens.new": { en: "New service token", ko: "서비스 토큰 만들기" },
  "tokens.lead": {
    en: "A program of an agency or of the platform proves itself with it, as Authorization: Bearer.",
    ko: "기관이나 플랫폼의 프로그램이 Authorization: Bearer 헤더에 담아 자신을 증명하는 데 사용합니다.",
  },
  "tokens.make": { en: "Make a token", ko: "토큰 만들기" },
  "tokens.issued": {
    en: "The token of {name}. It is shown this once: put it where the program keeps its secrets.",
    ko: "{name}의 토큰입니다. 지금 한 번만 표시되니 프로그램의 비밀 저장소에 넣어 두세요.",
  },
  "tokens.remove": { en: "Remove", ko: "삭제" },
  "tokens.sure": { en: "Remove the token of {name}? Whatever uses it is refused at once.", ko: "{name}의 토큰을 삭제할까요? 이 토큰을 쓰는 프로그램은 바로 거부됩니다." },
} satisfies Texts;
