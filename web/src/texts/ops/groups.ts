// Groups.

import type { Texts } from "../keys";

export const groupsTexts = {
  "groups.list": { en: "Groups", ko: "그룹 목록" },
  "groups.none": { en: "There is no group yet.", ko: "아직 그룹이 없습니다." },
  "groups.empty": { en: "No device is in this group now.", ko: "지금 이 그룹에 속한 장치가 없습니다." },
  "groups.new": { en: "New group", ko: "그룹 만들기" },
  "groups.lead": {
    en: "Devices of one agency under one name; the API's queries of data take a group by its id. A group by a query also has the devices that are registered later. What is left empty is not asked for.",
    ko: "한 기관의 장치를 하나의 이름으로 묶습니다. API로 데이터를 조회할 때 그룹 ID를 쓸 수 있습니다. 조건으로 만든 그룹에는 나중에 등록되는 장치도 포함되며, 비워 둔 조건은 따지지 않습니다.",
  },
  "groups.id": { en: "Id", ko: "그룹 ID" },
  "groups.members": { en: "Its devices", ko: "포함 장치" },
  "groups.by.list": { en: "by a list", ko: "목록으로 지정" },
  "groups.by.query": { en: "by a query", ko: "조건으로 지정" },
  "groups.devices": { en: "Ids of devices, one a line or with commas", ko: "장치 ID (줄이나 쉼표로 구분)" },
  "groups.tag": { en: "Tag", ko: "태그" },
  "groups.boundary": { en: "Boundary", ko: "경계" },
  "groups.bbox": { en: "Box", ko: "좌표 범위" },
  "groups.bbox.form": { en: "Box: W, S, E, N", ko: "좌표 범위 (서, 남, 동, 북)" },
  "groups.text": { en: "Text", ko: "검색어" },
  "groups.any": { en: "Any", ko: "전체" },
  "groups.listed": { en: "{count} listed", ko: "목록의 장치 {count}대" },
  "groups.everything": { en: "all of the agency's", ko: "기관의 모든 장치" },
  "groups.make": { en: "Make a group", ko: "그룹 만들기" },
  "groups.edit": { en: "Change the group", ko: "그룹 바꾸기" },
  "groups.remove": { en: "Delete", ko: "삭제" },
  "groups.sure": { en: "Delete the group {name}? Its devices stay.", ko: "{name} 그룹을 삭제할까요? 장치는 그대로 남습니다." },
} satisfies Texts;
