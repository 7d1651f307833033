// Login, invitation and recovery codes.

import type { Texts } from "../keys";

export const loginTexts = {
  "login.head": { en: "Operators' dashboard", ko: "운영자 관제 화면" },
  "login.name": { en: "Login name", ko: "아이디" },
  "login.password": { en: "Password", ko: "비밀번호" },
  "login.send": { en: "Log in", ko: "로그인" },
  "login.by-token": { en: "Use the operator's token instead", ko: "운영자 토큰으로 로그인" },
  "login.by-name": { en: "Use name and password", ko: "아이디와 비밀번호로 로그인" },
  "login.refused": { en: "Name or password is wrong.", ko: "아이디 또는 비밀번호가 올바르지 않습니다." },
  "login.no-app": {
    en: "This account needs an authenticator app. Ask an administrator for a new invitation.",
    ko: "이 계정은 인증 앱을 등록해야 합니다. 관리자에게 새 초대를 요청하세요.",
  },
  "login.delayed": { en: "Too many logins have failed. Try again in {seconds} s.", ko: "로그인 실패가 여러 번 이어졌습니다. {seconds}초 뒤에 다시 시도하세요." },
  "login.ended": { en: "The session has ended. Please log in again.", ko: "세션이 종료되었습니다. 다시 로그인하세요." },
  "sign-on.send": { en: "Log in with {name}", ko: "{name}(으)로 로그인" },
  "sign-on.unreachable": {
    en: "The identity provider does not answer. Try again in a while, or tell your administrator.",
    ko: "통합 로그인 서버가 응답하지 않습니다. 잠시 뒤 다시 시도하거나 관리자에게 알려 주십시오.",
  },
  "sign-on.refused": {
    en: "The identity provider has refused the login. Try again, or tell your administrator.",
    ko: "통합 로그인 서버가 로그인을 거절했습니다. 다시 시도하거나 관리자에게 알려 주십시오.",
  },
  "sign-on.not-believed": {
    en: "The identity provider's answer could not be verified. Tell your administrator: the platform's log says why.",
    ko: "통합 로그인 서버의 응답을 확인할 수 없습니다. 관리자에게 알려 주십시오. 이유는 플랫폼 로그에 있습니다.",
  },
  "sign-on.over": { en: "This login has expired, or began in another window. Begin again.", ko: "로그인 시간이 지났거나 다른 창에서 시작한 로그인입니다. 처음부터 다시 로그인하십시오." },
  "sign-on.no-role": { en: "You have no role here. Ask your administrator for one.", ko: "이 플랫폼에서 맡은 역할이 없습니다. 관리자에게 역할을 요청하십시오." },
  "sign-on.disabled": { en: "Your account is disabled. Ask your administrator.", ko: "사용이 중지된 계정입니다. 관리자에게 문의하십시오." },
  "sign-on.failed": {
    en: "The login has failed. Tell your administrator: the platform's log says why.",
    ko: "로그인하지 못했습니다. 관리자에게 알려 주십시오. 이유는 플랫폼 로그에 있습니다.",
  },
  "token.note": { en: "Log in with the operator's token.", ko: "운영자 토큰으로 로그인하세요." },
  "token.label": { en: "Token", ko: "토큰" },
  "token.where": {
    en: "It is in the file admin.token of the data folder, and may be switched off.",
    ko: "데이터 폴더의 admin.token 파일에 있으며, 설정에 따라 사용이 중지되어 있을 수 있습니다.",
  },
  "token.refused": { en: "This token is not valid. Check that it was copied whole.", ko: "유효하지 않은 토큰입니다. 빠진 글자 없이 복사했는지 확인하세요." },
  "code.head": { en: "Confirm it is you", ko: "본인 확인" },
  "code.note": {
    en: "Enter the six digits that your authenticator app shows now, or one of your recovery codes.",
    ko: "인증 앱에 지금 표시된 숫자 6자리를 입력하세요. 복구 코드를 입력해도 됩니다.",
  },
  "code.label": { en: "Code", ko: "인증 코드" },
  "code.missing": { en: "A code is needed.", ko: "인증 코드가 필요합니다." },
  "code.refused": {
    en: "The code is wrong, too old, or was used before. Wait for the app's next one.",
    ko: "인증 코드가 틀렸거나, 만료되었거나, 이미 사용되었습니다. 앱에 다음 코드가 표시되면 입력하세요.",
  },
  "invitation.head": { en: "Set your password", ko: "비밀번호 설정" },
  "invitation.who": { en: "Welcome, {name}. From now on you log in as {id}.", ko: "{name} 님, 환영합니다. 앞으로 로그인할 때 쓸 아이디는 {id}입니다." },
  "invitation.password": { en: "Password, 12 characters or more", ko: "비밀번호(12자 이상)" },
  "invitation.again": { en: "The same again", ko: "비밀번호 확인" },
  "invitation.app": {
    en: "Scan this with an authenticator app on your phone, then enter the code that it shows.",
    ko: "휴대전화의 인증 앱으로 QR 코드를 찍은 다음 앱에 표시된 코드를 입력하세요.",
  },
  "invitation.app.optional": {
    en: "For more safety, scan this with an authenticator app on your phone and enter the code that it shows. You may leave it out.",
    ko: "더 안전하게 쓰려면 휴대전화의 인증 앱으로 QR 코드를 찍고 앱에 표시된 코드를 입력하세요. 생략해도 됩니다.",
  },
  "invitation.qr": { en: "QR code for the authenticator app", ko: "인증 앱용 QR 코드" },
  "invitation.secret": { en: "Or type this into the app:", ko: "또는 앱에 직접 입력하세요:" },
  "invitation.code": { en: "Code of the app", ko: "앱에 표시된 코드" },
  "invitation.send": { en: "Set the password", ko: "비밀번호 설정하기" },
  "invitation.differ": { en: "The two passwords differ.", ko: "두 비밀번호가 서로 다릅니다." },
  "invitation.poor": {
    en: "This password is too easy: 12 characters or more, at least 5 of them different, and not mainly your login name.",
    ko: "추측하기 쉬운 비밀번호입니다. 12자 이상, 서로 다른 글자 5개 이상이어야 하며 아이디 위주로 만들 수 없습니다.",
  },
  "invitation.wrong-code": {
    en: "The code is not the app's present one. Check that the phone's clock is right.",
    ko: "앱에 지금 표시된 코드와 다릅니다. 휴대전화의 시각이 맞는지 확인하세요.",
  },
  "invitation.unknown": {
    en: "This invitation is no longer valid. Ask an administrator for a new one.",
    ko: "더 이상 유효하지 않은 초대입니다. 관리자에게 새 초대를 요청하세요.",
  },
  "recovery.head": { en: "Your recovery codes", ko: "복구 코드" },
  "recovery.note": {
    en: "Keep them in a safe place: they are shown only this once. If you lose your phone, each opens one login in the place of a code.",
    ko: "지금 한 번만 표시되므로 안전한 곳에 보관하세요. 휴대전화를 잃어버리면 인증 코드 대신 코드마다 한 번씩 쓸 수 있습니다.",
  },
  "recovery.done": { en: "I have kept them: log in", ko: "보관했습니다. 로그인하기" },
} satisfies Texts;
