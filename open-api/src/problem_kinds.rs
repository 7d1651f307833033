//! The kinds of problem that only this API has; `http_edge` has those of every
//! API.

http_edge::problem_kinds! {
    pub(crate) const
    NOT_YET "not-yet" CONFLICT {
        "It is not over", "아직 끝나지 않은 날입니다",
        "A day is exported once it is over, in UTC: available_from tells when. What came in so far is at /v1/datastreams/{id}/observations and /v1/stream.",
        "하루치 자료는 그날이 UTC 기준으로 끝난 뒤에 내려받을 수 있습니다. available_from에 그 시각이 있습니다. 지금까지 들어온 자료는 /v1/datastreams/{id}/observations와 /v1/stream에서 볼 수 있습니다.",
    }
    UNREADABLE_TELEMETRY "unreadable-telemetry" UNPROCESSABLE_ENTITY {
        "The telemetry cannot be read", "관측값을 읽을 수 없습니다",
        "The message was authenticated and is kept in quarantine under the offset, with its bytes; sending it again will not help. Send compact JSON, SenML JSON or SenML CBOR.",
        "메시지는 인증되어 offset 번호로 원문과 함께 격리 보관되었습니다. 다시 보내도 결과는 같습니다. 간단 JSON, SenML JSON, SenML CBOR 가운데 하나로 보내십시오.",
    }
    IMPORT_REFUSED "import-refused" UNPROCESSABLE_ENTITY {
        "The import has faults; nothing was registered", "일괄 등록에 오류가 있어 아무것도 등록하지 않았습니다",
        "The member errors lists line, column, message and cure of each fault. Try with dry_run=true until there is none, or register the other rows with mode=good.",
        "errors에 오류마다 줄 번호, 열, 이유, 고치는 방법이 있습니다. 오류가 없을 때까지 dry_run=true로 확인하거나, mode=good으로 나머지 줄만 등록하십시오.",
    }
    UNSUPPORTED_OPTION "unsupported-option" NOT_IMPLEMENTED {
        "The query option is not supported", "지원하지 않는 질의 옵션입니다",
        "SensorThings and OData know it; this platform does not answer it. docs/sensorthings.md lists those that it does.",
        "SensorThings나 OData에는 있으나 이 플랫폼은 답하지 않는 옵션입니다. 지원하는 옵션은 docs/sensorthings.md에 있습니다.",
    }
}
