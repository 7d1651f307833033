// People and roles.

import type { Texts } from "../keys";

export const peopleTexts = {
  "people.none": { en: "Nobody has an account yet.", ko: "아직 등록된 계정이 없습니다." },
  "people.person": { en: "Person", ko: "사용자" },
  "people.roles": { en: "Roles", ko: "역할" },
  "people.platform": { en: "The platform", ko: "플랫폼" },
  "people.enabled": { en: "enabled", ko: "사용 중" },
  "people.disabled": { en: "disabled", ko: "사용 중지" },
  "people.invite": { en: "Invite", ko: "초대" },
  "people.disable": { en: "Disable", ko: "사용 중지하기" },
  "people.enable": { en: "Enable", ko: "다시 사용하기" },
  "people.invited": {
    en: "Hand this link over on a way that nobody else reads. It is shown this once, opens once, and ends after 7 days. What the person logged in with before holds no longer.",
    ko: "다른 사람이 볼 수 없는 방법으로 이 링크를 전달하세요. 지금 한 번만 표시되고, 한 번만 열 수 있으며, 7일 뒤에 만료됩니다. 기존 로그인 수단은 더 이상 쓸 수 없습니다.",
  },
  "people.all": { en: "All people", ko: "모든 사용자" },
  "people.remove": { en: "Remove", ko: "삭제" },
  "people.sure": { en: "Remove {name}? The person is logged out at once and cannot log in again.", ko: "{name} 님의 계정을 삭제할까요? 바로 로그아웃되고 다시 로그인할 수 없습니다." },
  "people.roles.none": { en: "No role yet.", ko: "아직 역할이 없습니다." },
  "people.role.take": { en: "Take away", ko: "회수" },
  "people.role.give": { en: "Give", ko: "부여" },
  "people.new": { en: "New person", ko: "사용자 추가" },
  "people.role": { en: "Role", ko: "역할" },
  "people.role.none": { en: "None yet", ko: "아직 없음" },
  "role.viewer": { en: "viewer", ko: "조회자" },
  "role.installer": { en: "installer", ko: "설치 담당자" },
  "role.operator": { en: "operator", ko: "운영자" },
  "role.agency-administrator": { en: "agency administrator", ko: "기관 관리자" },
  "role.auditor": { en: "auditor", ko: "감사자" },
  "role.platform-administrator": { en: "platform administrator", ko: "플랫폼 관리자" },
} satisfies Texts;
