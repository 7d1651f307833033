// The API reference.

import type { Texts } from "./keys";

export const docsTexts = {
  "docs.title": { en: "Madang API reference", ko: "마당 API 문서" },
  "docs.head": { en: "API reference", ko: "API 문서" },
  "docs.lead": {
    en: "Made from /openapi.json of this very platform: what stands here is answered here.",
    ko: "이 플랫폼의 /openapi.json으로 만든 문서입니다. 여기에 있는 기능은 지금 모두 호출할 수 있습니다.",
  },
  "docs.contents": { en: "Contents", ko: "차례" },
  "docs.key": { en: "API key for the examples (optional)", ko: "예제에 사용할 API 키 (선택)" },
  "docs.key.note": {
    en: "It stays in this page and is only sent with the requests that you start here.",
    ko: "키는 이 화면에만 머물며, 여기에서 직접 보낸 요청에만 사용됩니다.",
  },
  "docs.parameters": { en: "Parameters", ko: "매개변수" },
  "docs.name": { en: "Name", ko: "이름" },
  "docs.in": { en: "In", ko: "위치" },
  "docs.type": { en: "Type", ko: "형식" },
  "docs.meaning": { en: "Meaning", ko: "설명" },
  "docs.required": { en: "required", ko: "필수" },
  "docs.body": { en: "Body", ko: "요청 본문" },
  "docs.answers": { en: "Answers", ko: "응답" },
  "docs.example": { en: "Example", ko: "예시" },
  "docs.try": { en: "Try it", ko: "호출해 보기" },
  "docs.send": { en: "Send", ko: "보내기" },
  "docs.sent": { en: "Status {status} after {milliseconds} ms", ko: "상태 코드 {status}, {milliseconds}ms" },
  "docs.cut": { en: "cut after {count} characters", ko: "{count}자까지만 표시" },
  "docs.stream": { en: "A stream: the first events are shown, then it is closed.", ko: "스트림입니다. 처음 몇 개의 이벤트만 표시하고 연결을 닫습니다." },
  "docs.change": { en: "Sending changes something on the platform.", ko: "보내면 플랫폼의 상태가 바뀝니다." },
  "docs.other": { en: "Other", ko: "기타" },
  "docs.empty": { en: "The description of the API holds no path.", ko: "API 설명에 경로가 없습니다." },
  "docs.in.path": { en: "path", ko: "경로" },
  "docs.in.query": { en: "query", ko: "쿼리" },
  "docs.in.header": { en: "header", ko: "헤더" },
  "docs.in.cookie": { en: "cookie", ko: "쿠키" },
} satisfies Texts;
