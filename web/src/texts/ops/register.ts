// The registration of one device.

import type { Texts } from "../keys";

export const registerTexts = {
  "register.lead": { en: "One device: it is in service as soon as it proves itself. Many at once come in by the page “Import devices”.", ko: "장치 한 대를 등록합니다. 장치가 인증을 마치면 바로 사용할 수 있습니다. 여러 대는 ‘장치 일괄 등록’에서 파일로 등록하세요." },
  "register.id": { en: "Device id", ko: "장치 ID" },
  "register.proof": { en: "How it proves itself", ko: "인증 방법" },
  "register.proof.password": { en: "password, made here", ko: "여기서 만든 비밀번호" },
  "register.proof.key": { en: "public key of the device", ko: "장치의 공개 키" },
  "register.proof.claim": { en: "an installer brings it in with a code", ko: "설치자가 코드로 등록" },
  "register.key": { en: "Public key (base64url, or PEM)", ko: "공개 키(base64url 또는 PEM)" },
  "register.address": { en: "Address (optional)", ko: "주소(선택)" },
  "register.place": { en: "Place (optional)", ko: "위치(선택)" },
  "register.place.note": { en: "Move the map until the place is inside the ring, or type in numbers.", ko: "설치 위치가 원 안에 오도록 지도를 옮기거나 숫자를 입력하세요." },
  "register.lat": { en: "Latitude", ko: "위도" },
  "register.lon": { en: "Longitude", ko: "경도" },
  "register.place.fault": { en: "A latitude is between -90 and 90, a longitude between -180 and 180.", ko: "위도는 -90에서 90 사이, 경도는 -180에서 180 사이여야 합니다." },
  "register.send": { en: "Register", ko: "등록" },
  "register.send.claim": { en: "Make a code", ko: "코드 만들기" },
  "register.done": { en: "{name} is registered.", ko: "{name} 장치를 등록했습니다." },
  "register.user": { en: "User name", ko: "사용자 이름" },
  "register.topic": { en: "Topic", ko: "토픽" },
  "register.password": { en: "The device's password. It is shown this once: put it into the device now.", ko: "장치의 비밀번호입니다. 지금 한 번만 표시되므로 바로 장치에 입력하세요." },
  "register.show": { en: "Show the device", ko: "장치 보기" },
} satisfies Texts;
