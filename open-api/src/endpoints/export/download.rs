//! A file on its way out: the whole or a part, in pieces, with what a client
//! needs to go on where it was cut off.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use device_registry::ReadScope;
use domain::Timestamp;
use http_edge::request::Wanted;
use http_edge::{Patience, Place, Problem, ProblemKind};
use ingest::{Checksum, DayExport, ExportFile, ExportFormat};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use crate::access::Admission;
use crate::state::ApiState;

/// Bytes that are read at once; about three times that wait for a reader.
const PIECE_BYTES: u64 = 64 << 10;
/// The byte order mark of UTF-8.
const BOM: &[u8; 3] = b"\xef\xbb\xbf";

/// What stands before a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    None,
    Bom,
}

/// A file as it is sent: the mark is a part of it.
struct Marked {
    file: ExportFile,
    mark: &'static [u8],
    checksum: Checksum,
}

impl Marked {
    fn new(file: ExportFile, mark: Mark) -> Self {
        match (mark, file.sha256_with_bom) {
            (Mark::Bom, Some(checksum)) => Self {
                file,
                mark: BOM,
                checksum,
            },
            _ => Self {
                checksum: file.sha256,
                mark: &[],
                file,
            },
        }
    }

    fn bytes(&self) -> u64 {
        self.mark.len() as u64 + self.file.bytes
    }

    /// Blocks for file I/O.
    fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let mark = self.mark.len() as u64;
        let mut piece = Vec::with_capacity((range.end - range.start) as usize);
        if range.start < mark {
            let end = range.end.min(mark) as usize;
            piece.extend_from_slice(&self.mark[range.start as usize..end]);
        }
        let marked = piece.len();
        piece.resize((range.end - range.start) as usize, 0);
        let at = range.start.saturating_sub(mark);
        self.file.read_exact_at(&mut piece[marked..], at)?;
        Ok(piece.into())
    }
}

/// Who reads a file.
pub(super) struct FileReader {
    pub(super) state: ApiState,
    pub(super) place: Arc<Place>,
    pub(super) admission: Admission,
}

/// Answers with what of `file` the request asks for.
pub(super) fn reply(
    reader: FileReader,
    export: &DayExport,
    file: ExportFile,
    mark: Mark,
    method: &Method,
    request: &HeaderMap,
) -> Result<Response, Problem> {
    let made = file.made;
    let marked = Marked::new(file, mark);
    let (bytes, checksum) = (marked.bytes(), marked.checksum);
    let etag = format!("\"{checksum}\"");
    let (status, range) = match Wanted::of(request, &etag, bytes) {
        Wanted::Whole => (StatusCode::OK, 0..bytes),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => (StatusCode::NOT_MODIFIED, 0..0),
        Wanted::Another => {
            return Err(Problem::new(
                ProblemKind::CHANGED,
                "If-Match names another version of this file than there is: something came in late or was corrected.",
            ));
        }
        Wanted::Outside => return Ok(outside(bytes)),
    };
    let mut response = status.into_response();
    let headers = response.headers_mut();
    set(headers, header::ETAG, &etag);
    set(headers, header::LAST_MODIFIED, &http_date(made));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    cached_for(headers, &export.scope);
    if status == StatusCode::NOT_MODIFIED {
        return Ok(response);
    }
    describe(headers, export, checksum);
    set(
        headers,
        header::CONTENT_LENGTH,
        &(range.end - range.start).to_string(),
    );
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{bytes}", range.start, range.end - 1);
        set(headers, header::CONTENT_RANGE, &part);
    }
    if *method != Method::HEAD {
        let place = reader.state.downloads.place()?;
        *response.body_mut() = body(marked, range, reader, place);
    }
    Ok(response)
}

fn describe(headers: &mut HeaderMap, export: &DayExport, checksum: Checksum) {
    let kind = match export.format {
        ExportFormat::Csv => "text/csv; charset=utf-8; header=present",
        ExportFormat::Parquet => "application/vnd.apache.parquet",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // Ids have no sign that a header or a file system would take amiss.
    let whose = if export.has_all() {
        "-exact"
    } else if export.has_shared() {
        "-shared"
    } else {
        ""
    };
    let name = format!(
        "attachment; filename=\"{}-{}-{}{whose}.{}\"",
        export.day,
        export.domain,
        export.agency,
        export.format.as_str()
    );
    set(headers, header::CONTENT_DISPOSITION, &name);
    // RFC 9530: of the whole file, in a part too.
    let digest = format!("sha-256=:{}:", STANDARD.encode(checksum.0));
    set(
        headers,
        header::HeaderName::from_static("repr-digest"),
        &digest,
    );
}

/// What is not for everybody is kept by nobody on the way.
pub(super) fn cached_for(headers: &mut HeaderMap, scope: &ReadScope) {
    let caching = if scope.is_public() {
        "public, no-cache"
    } else {
        "private, no-store"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(
        header::VARY,
        HeaderValue::from_static("authorization, cookie, x-api-key"),
    );
}

/// 416, and how long the file is.
fn outside(bytes: u64) -> Response {
    let problem = Problem::new(
        ProblemKind::OUTSIDE_OF_FILE,
        format!("The file has {bytes} bytes, and the range begins after them."),
    );
    let mut response = problem.into_response();
    set(
        response.headers_mut(),
        header::CONTENT_RANGE,
        &format!("bytes */{bytes}"),
    );
    response
}

/// A name or number of ours always makes a header.
fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// As `Fri, 01 May 2026 00:00:00 GMT`.
fn http_date(time: Timestamp) -> String {
    let seconds = time.as_micros().div_euclid(1_000_000);
    jiff::Timestamp::from_second(seconds)
        .ok()
        .and_then(|time| {
            let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
            printer.timestamp_to_rfc9110_string(&time).ok()
        })
        .unwrap_or_default()
}

/// Reads a piece when the one before is on its way: who reads slowly costs the
/// memory of three, counted among what waits for all callers.
fn body(
    marked: Marked,
    range: Range<u64>,
    reader: FileReader,
    place: OwnedSemaphorePermit,
) -> Body {
    let (pieces, read) = mpsc::channel(1);
    let marked = Arc::new(marked);
    tokio::spawn(async move {
        let _place = place;
        let gone = reader.admission.gone(&reader.state);
        let mut gone = std::pin::pin!(gone);
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at + PIECE_BYTES);
            let piece = tokio::select! {
                piece = read_piece(&marked, at..end, &reader) => piece,
                // Broken off, so that it does not pass for the whole.
                () = &mut gone => Err(io::ErrorKind::PermissionDenied.into()),
            };
            let failed = piece.is_err();
            let sent = tokio::select! {
                sent = pieces.send(piece) => sent.is_ok(),
                () = &mut gone, if !failed => false,
            };
            if !sent || failed {
                return;
            }
            at = end;
        }
    });
    Body::from_stream(ReceiverStream::new(read))
}

async fn read_piece(
    marked: &Arc<Marked>,
    range: Range<u64>,
    reader: &FileReader,
) -> io::Result<Bytes> {
    let bytes = (range.end - range.start) as usize;
    let unsent = reader.state.edge.unsent();
    let held = unsent
        .hold(&reader.place, bytes, Patience::OfSource)
        .await
        .map_err(|_| io::ErrorKind::OutOfMemory)?;
    let source = Arc::clone(marked);
    let piece = tokio::task::spawn_blocking(move || source.read(range))
        .await
        .unwrap_or_else(|panic| Err(io::Error::other(panic)))?;
    Ok(held.wrap(piece, ()))
}
