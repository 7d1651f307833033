//! The kinds of problem: their stable names, and the help on their pages.

use axum::http::StatusCode;

/// A stable `type` of problem. An API adds its own to those of every API.
#[derive(PartialEq, Eq, Debug)]
pub struct ProblemKind {
    /// The last part of its `type`, as `not-found`.
    pub slug: &'static str,
    /// Its `type`, as `/problems/not-found`.
    pub path: &'static str,
    pub status: StatusCode,
    pub title_en: &'static str,
    pub title_ko: &'static str,
    pub help_en: &'static str,
    pub help_ko: &'static str,
}

/// Makes a constant of each kind, and `ALL` of them.
#[macro_export]
macro_rules! problem_kinds {
    ($vis:vis const $($name:ident $slug:literal $status:ident {
        $title_en:literal, $title_ko:literal,
        $help_en:literal,
        $help_ko:literal $(,)?
    })*) => {
        $(
            $vis const $name: &'static $crate::ProblemKind = $crate::problem_kinds!(
                @$slug $status $title_en $title_ko $help_en $help_ko
            );
        )*

        $vis const ALL: &'static [&'static $crate::ProblemKind] = &[$($crate::problem_kinds!(
            @$slug $status $title_en $title_ko $help_en $help_ko
        )),*];
    };
    (@$slug:literal $status:ident
        $title_en:literal $title_ko:literal $help_en:literal $help_ko:literal) => {
        &$crate::ProblemKind {
            slug: $slug,
            path: concat!("/problems/", $slug),
            status: axum::http::StatusCode::$status,
            title_en: $title_en,
            title_ko: $title_ko,
            help_en: $help_en,
            help_ko: $help_ko,
        }
    };
}

impl ProblemKind {
    problem_kinds! {
        pub const
        INVALID_PARAMETER "invalid-parameter" BAD_REQUEST {
            "A parameter cannot be read", "매개변수를 읽을 수 없습니다",
            "The detail names the parameter and what it may be. Times are RFC 3339 with an offset, as 2026-05-01T09:00:00+09:00; bbox is west,south,east,north in degrees; limit is 1 to 10,000. A parameter that a path does not know is refused, so that a typing error does not pass for an empty answer.",
            "detail에 매개변수 이름과 허용되는 값이 나옵니다. 시각은 2026-05-01T09:00:00+09:00처럼 시간대가 붙은 RFC 3339 형식, bbox는 서,남,동,북 순서의 도(degree), limit은 1~10,000입니다. 모르는 매개변수는 거절하므로 오타가 빈 결과로 보이는 일이 없습니다.",
        }
        INVALID_BODY "invalid-body" BAD_REQUEST {
            "The body cannot be read", "요청 본문을 읽을 수 없습니다",
            "The detail says where the body departs from its schema. /docs shows an example of every body.",
            "본문이 어디에서 형식과 다른지 detail에 나옵니다. 모든 본문의 예시는 /docs에 있습니다.",
        }
        UNAUTHENTICATED "unauthenticated" UNAUTHORIZED {
            "The caller is not known", "인증되지 않은 요청입니다",
            "Operators send Authorization: Bearer with their token, or log in at /ops. Developers send their key as Authorization: Bearer mdk_... or as X-API-Key; a new key is made at / in a minute and is valid at once. Devices send a JWT that their key signed, or Basic with their password.",
            "운영자는 Authorization: Bearer 토큰을 보내거나 /ops에서 로그인합니다. 개발자는 키를 Authorization: Bearer mdk_... 또는 X-API-Key로 보냅니다. 키는 / 페이지에서 1분이면 발급되고 즉시 쓸 수 있습니다. 기기는 자신의 키로 서명한 JWT 또는 Basic 비밀번호를 보냅니다.",
        }
        FORBIDDEN "forbidden" FORBIDDEN {
            "The caller may not do this", "권한이 없습니다",
            "The caller is known but this is for another role, or the browser's origin is not among those of the key, or a session's request came from another site, or a device sends for one that is not its child.",
            "인증은 되었으나 다른 역할의 기능이거나, 브라우저의 출처(origin)가 키에 등록되어 있지 않거나, 다른 사이트에서 온 세션 요청이거나, 하위 장치가 아닌 기기를 대신해 보낸 데이터입니다.",
        }
        NOT_FOUND "not-found" NOT_FOUND {
            "Nothing is here", "찾을 수 없습니다",
            "The path or the id does not exist, or it is restricted and the caller may not know of it. /openapi.json lists every path.",
            "경로나 식별자가 없거나, 공개되지 않은 자료입니다. 모든 경로는 /openapi.json에 있습니다.",
        }
        METHOD_NOT_ALLOWED "method-not-allowed" METHOD_NOT_ALLOWED {
            "The path does not know this method", "지원하지 않는 메서드입니다",
            "The header Allow lists the methods of the path.",
            "이 경로가 지원하는 메서드는 Allow 헤더에 있습니다.",
        }
        TIMEOUT "timeout" REQUEST_TIMEOUT {
            "The request took too long to arrive", "요청이 제한 시간 안에 도착하지 않았습니다",
            "The body has to arrive within 30 seconds. Send it in smaller parts or over a better link.",
            "본문은 30초 안에 도착해야 합니다. 나누어 보내거나 더 안정된 회선을 쓰십시오.",
        }
        CONFLICT "conflict" CONFLICT {
            "It contradicts what is already there", "이미 있는 것과 충돌합니다",
            "The id is taken, a limit of the entity is reached, or its state does not allow the change. The detail says which.",
            "식별자가 이미 쓰이고 있거나, 개수 한도에 이르렀거나, 현재 상태에서 바꿀 수 없습니다. 자세한 이유는 detail에 있습니다.",
        }
        CHANGED "changed" PRECONDITION_FAILED {
            "It has changed", "그 사이에 바뀌었습니다",
            "If-Match names another version than there is. Leave it out, or begin the download again.",
            "If-Match에 적은 버전이 지금과 다릅니다. If-Match를 빼거나 처음부터 다시 내려받으십시오.",
        }
        OUTSIDE_OF_FILE "outside-of-file" RANGE_NOT_SATISFIABLE {
            "The range lies outside of the file", "요청한 범위가 파일 밖에 있습니다",
            "Content-Range tells how many bytes the file has. Begin again without Range, or with If-Range and the ETag.",
            "파일의 전체 바이트 수는 Content-Range에 있습니다. Range 없이 다시 받거나 If-Range에 ETag를 적으십시오.",
        }
        TOO_LARGE "too-large" PAYLOAD_TOO_LARGE {
            "The body is too large", "본문이 너무 큽니다",
            "Telemetry may have 64 KiB, an import 64 MiB, a boundary 2 MiB, any other body 256 KiB. Split it.",
            "관측값은 64 KiB, 일괄 등록은 64 MiB, 경계는 2 MiB, 그 밖의 본문은 256 KiB까지입니다. 나누어 보내십시오.",
        }
        TOO_LONG_URI "uri-too-long" URI_TOO_LONG {
            "The address is too long", "주소가 너무 깁니다",
            "A query may have 8 KiB.",
            "질의 문자열은 8 KiB까지입니다.",
        }
        UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE {
            "The body's type is not understood", "지원하지 않는 본문 형식입니다",
            "Send content-type: application/json, for an import application/x-ndjson or text/csv. With curl: -H 'content-type: application/json'.",
            "content-type: application/json으로 보내십시오. 일괄 등록은 application/x-ndjson 또는 text/csv입니다. curl에서는 -H 'content-type: application/json'을 붙입니다.",
        }
        QUOTA_EXCEEDED "quota-exceeded" TOO_MANY_REQUESTS {
            "The quota is used up", "사용 한도를 넘었습니다",
            "RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset on every reply tell the state; Retry-After tells when to go on. A key of your own has a far larger quota than an address without one; for live data use /v1/stream instead of polling.",
            "모든 응답의 RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset이 상태를, Retry-After가 다시 시도할 때를 알려 줍니다. 키를 발급받으면 한도가 훨씬 커집니다. 실시간 자료는 반복 조회 대신 /v1/stream을 쓰십시오.",
        }
        INTERNAL "internal" INTERNAL_SERVER_ERROR {
            "The platform failed", "플랫폼 내부 오류입니다",
            "This is the platform's fault, not the request's. The request id finds the cause in the log.",
            "요청이 아니라 플랫폼의 잘못입니다. request_id로 로그에서 원인을 찾을 수 있습니다.",
        }
        UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE {
            "Not now", "지금은 처리할 수 없습니다",
            "The platform is starting, stopping, or at one of its limits. Try again after Retry-After.",
            "플랫폼이 시작 중이거나 멈추는 중이거나 한도에 이르렀습니다. Retry-After 뒤에 다시 시도하십시오.",
        }
    }

    /// The kind for a status that axum itself answered with.
    pub(crate) fn of_status(status: StatusCode) -> &'static Self {
        match status {
            StatusCode::UNPROCESSABLE_ENTITY => Self::INVALID_BODY,
            StatusCode::BAD_REQUEST => Self::INVALID_PARAMETER,
            other => Self::ALL
                .iter()
                .copied()
                .find(|kind| kind.status == other)
                .unwrap_or(if other.is_server_error() {
                    Self::INTERNAL
                } else {
                    Self::INVALID_PARAMETER
                }),
        }
    }
}
