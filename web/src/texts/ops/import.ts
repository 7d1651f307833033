// The import of devices.

import type { Texts } from "../keys";

export const importTexts = {
  "import.lead": {
    en: "The file is checked first: nothing is registered until you start the import.",
    ko: "먼저 파일을 검사합니다. 등록을 시작하기 전에는 아무것도 등록되지 않습니다.",
  },
  "import.file": { en: "File", ko: "파일" },
  "import.file.note": {
    en: "CSV in UTF-8 or CP949 with the columns id, agency, model, name, lat, lon ..., or NDJSON. At most 100,000 rows and 64 MiB.",
    ko: "id, agency, model, name, lat, lon 등의 열이 있는 CSV(UTF-8 또는 CP949)나 NDJSON 파일. 최대 100,000행, 64MiB.",
  },
  "import.chosen": { en: "Chosen: {name}", ko: "선택한 파일: {name}" },
  "import.mode": { en: "Where a row has a fault", ko: "오류가 있는 행이 있으면" },
  "import.mode.all": { en: "register none", ko: "아무것도 등록하지 않음" },
  "import.mode.good": { en: "register the others", ko: "나머지 행만 등록" },
  "import.upsert": { en: "Update devices that are registered already", ko: "이미 등록된 장치는 정보를 갱신" },
  "import.check": { en: "Check the file", ko: "파일 검사" },
  "import.begin": { en: "Start the import", ko: "등록 시작" },
  "import.no-file": { en: "Choose a file that ends in .csv, .ndjson or .jsonl first.", ko: "먼저 .csv, .ndjson, .jsonl 파일을 선택하세요." },
  "import.empty": { en: "Choose a file and check it. What it would change is shown here.", ko: "파일을 선택하고 검사하면 바뀔 내용이 여기에 표시됩니다." },
  "import.running": { en: "Import goes on", ko: "처리 중" },
  "import.progress": { en: "{read} rows read, {checked} checked, {registered} registered", ko: "{read}행 읽음, {checked}행 검사, {registered}행 등록" },
  "import.again": { en: "Correct the file, or send it again with updating switched on.", ko: "파일을 고치거나, 갱신을 켜고 다시 보내세요." },
  "import.cut": {
    en: "The connection broke off before the end. Check the file again; with updating switched on, rows that came in already are no fault.",
    ko: "끝나기 전에 연결이 끊겼습니다. 다시 검사하세요. 갱신을 켜면 이미 등록된 행은 오류가 되지 않습니다.",
  },
  "import.checked": { en: "Checked: nothing is registered yet", ko: "검사 결과: 아직 등록되지 않았습니다" },
  "import.refused": { en: "Nothing was registered", ko: "등록된 장치가 없습니다" },
  "import.done": { en: "Registered", ko: "등록했습니다" },
  "import.rows": { en: "Rows", ko: "전체 행" },
  "import.created": { en: "New", ko: "신규" },
  "import.updated": { en: "Changed", ko: "변경" },
  "import.unchanged": { en: "Unchanged", ko: "변경 없음" },
  "import.faults": { en: "Faults", ko: "오류" },
  "import.encoding": { en: "Read as {name}", ko: "문자 인코딩: {name}" },
  "import.hint": { en: "Correct the rows below and check again, or choose to register the others.", ko: "아래 행을 고쳐 다시 검사하거나, 나머지 행만 등록하도록 선택하세요." },
  "import.download": { en: "Download all faults (CSV)", ko: "오류 전체 내려받기(CSV)" },
  "import.line": { en: "Line", ko: "행" },
  "import.column": { en: "Column", ko: "열" },
  "import.reason": { en: "Reason", ko: "원인" },
  "import.cure": { en: "Cure", ko: "조치" },
} satisfies Texts;
