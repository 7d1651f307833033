//! `/v1/export`: a day of one domain and agency as a file, by parts where a
//! download was cut off.

use std::fmt::Write as _;
use std::io::{self, Read};

use domain::AgencyId;
use sha2::{Digest, Sha256};
use ureq::http::header::{CONTENT_RANGE, ETAG, HeaderMap};
use ureq::{Body, BodyReader};

use crate::api::client::{ApiClient, Call, percent_encode};
use crate::api::error::ApiError;

/// Bytes read at once for a checksum.
const CHECK_BYTES: usize = 1 << 20;
/// Bytes of a SHA-256 in hexadecimal.
const SHA256_DIGITS: usize = 64;

/// Which file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayFile {
    /// A day in UTC, as `2026-05-01`.
    pub date: String,
    /// As `traffic`.
    pub domain: String,
    pub agency: AgencyId,
    /// `csv` or `parquet`.
    pub format: String,
    /// For CSV in a spreadsheet.
    pub byte_order_mark: bool,
}

/// What the file was at one moment: a late observation makes another one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExportVersion {
    /// Lower-case hexadecimal.
    pub sha256: String,
    pub bytes: u64,
}

impl ExportVersion {
    /// Whether all that is left to read of `file` is this version.
    pub fn is_in(&self, mut file: impl Read) -> io::Result<bool> {
        let mut buffer = vec![0; CHECK_BYTES];
        let mut sum = Sha256::new();
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => sum.update(&buffer[..read]),
            }
        }
        let mut digits = String::with_capacity(SHA256_DIGITS);
        for byte in sum.finalize() {
            let _ = write!(digits, "{byte:02x}");
        }
        Ok(digits == self.sha256)
    }
}

/// Bytes on their way.
pub struct ExportDownload {
    /// Where in the file they begin: 0 where it is another version than was
    /// asked for.
    pub start: u64,
    body: BodyReader<'static>,
}

impl Read for ExportDownload {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer)
    }
}

impl ApiClient {
    /// The version that stands; the platform makes the file for it.
    pub fn export_version(&self, file: &DayFile) -> Result<ExportVersion, ApiError> {
        // One byte instead of HEAD: a refusal then has a body that tells why.
        let path = path(file);
        let response = self.send(&call(&path, &[("range", "bytes=0-0")]))?;
        let lacking = |name| ApiError::Header {
            url: self.address(&path),
            name,
        };
        let sha256 = sha256(response.headers()).ok_or_else(|| lacking("ETag"))?;
        let bytes = text(response.headers(), &CONTENT_RANGE)
            .and_then(|range| range.rsplit_once('/')?.1.parse().ok())
            .ok_or_else(|| lacking("Content-Range"))?;
        Ok(ExportVersion { sha256, bytes })
    }

    /// The bytes of `version` from `start` on, or the whole of another version
    /// that took its place.
    pub fn export_download(
        &self,
        file: &DayFile,
        version: &ExportVersion,
        start: u64,
    ) -> Result<ExportDownload, ApiError> {
        let path = path(file);
        let (range, etag) = (format!("bytes={start}-"), format!("\"{}\"", version.sha256));
        let headers = [("range", range.as_str()), ("if-range", etag.as_str())];
        let response: ureq::http::Response<Body> = self.send(&call(&path, &headers))?;
        let partial = response.status().as_u16() == 206;
        Ok(ExportDownload {
            start: if partial { start } else { 0 },
            body: response.into_body().into_reader(),
        })
    }
}

fn call<'a>(path: &'a str, headers: &'a [(&'a str, &'a str)]) -> Call<'a> {
    Call {
        method: "GET",
        path,
        body: None,
        headers,
    }
}

fn path(file: &DayFile) -> String {
    let mut path = "/v1/export".to_owned();
    let name = format!("{}.{}", file.agency, file.format);
    for part in [&file.date, &file.domain, &name] {
        path.push('/');
        percent_encode(part, &mut path);
    }
    if file.byte_order_mark {
        path.push_str("?bom=1");
    }
    path
}

fn sha256(headers: &HeaderMap) -> Option<String> {
    let etag = text(headers, &ETAG)?.strip_prefix('"')?.strip_suffix('"')?;
    let sound = etag.len() == SHA256_DIGITS && etag.bytes().all(|b| b.is_ascii_hexdigit());
    sound.then(|| etag.to_owned())
}

fn text<'a>(headers: &'a HeaderMap, name: &ureq::http::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
