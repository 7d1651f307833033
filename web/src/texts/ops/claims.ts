// Claim codes.

import type { Texts } from "../keys";

export const claimsTexts = {
  "claims.new": { en: "New claim", ko: "등록 코드 만들기" },
  "claims.lead": {
    en: "A claim lets an installer put one device into service, without an account: its code is shown once, as text and as a QR code.",
    ko: "등록 코드가 있으면 설치 담당자가 계정 없이 장치 한 대를 등록할 수 있습니다. 코드는 글자와 QR 코드로 한 번만 표시됩니다.",
  },
  "claims.device": { en: "Device id (optional)", ko: "장치 ID (선택)" },
  "claims.device.free": { en: "the installer's choice", ko: "설치할 때 지정" },
  "claims.note": { en: "Note for the installer", ko: "설치 담당자에게 남길 메모" },
  "claims.note.column": { en: "Note", ko: "메모" },
  "claims.until": { en: "Last day (else 30 days)", ko: "마지막 날 (비우면 30일)" },
  "claims.make": { en: "Make a code", ko: "코드 만들기" },
  "claims.issued": {
    en: "Give this code to the installer. It is shown this once, and opens one enrolment.",
    ko: "이 코드를 설치 담당자에게 전달하세요. 지금 한 번만 표시되며, 장치 한 대만 등록할 수 있습니다.",
  },
  "claims.qr": { en: "The code as a QR code", ko: "등록 코드의 QR 코드" },
  "claims.print": { en: "Print", ko: "인쇄" },
  "claims.list": { en: "Claims", ko: "등록 코드 목록" },
  "claims.none": { en: "There is no claim yet.", ko: "아직 등록 코드가 없습니다." },
  "claims.revoke": { en: "Revoke", ko: "폐기" },
  "claims.state.open": { en: "open", ko: "사용 전" },
  "claims.state.used": { en: "used", ko: "사용됨" },
  "claims.state.revoked": { en: "revoked", ko: "폐기됨" },
  "claims.state.expired": { en: "expired", ko: "만료됨" },
} satisfies Texts;
