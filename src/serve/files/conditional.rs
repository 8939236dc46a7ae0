//! Conditional requests and ranges (RFC 9110 §13 and §14).

use std::ops::{Bound, Range};
use std::time::SystemTime;

use axum::http::HeaderMap;
use headers::{ETag, HeaderMapExt, IfMatch, IfModifiedSince, IfNoneMatch, IfRange, IfUnmodifiedSince, LastModified};

/// The answer to a conditional request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Whole,
    /// These bytes.
    Part(Range<usize>),
    NotModified,
    PreconditionFailed,
    /// No byte of the range exists.
    Unsatisfiable,
}

/// Judges a GET or HEAD request for a representation of `length` bytes, in the order of RFC 9110 §13.2.2.
pub(super) fn judge(request: &HeaderMap, tag: Option<&ETag>, modified: SystemTime, length: u64) -> Answer {
    let has_failed = match (request.typed_get::<IfMatch>(), request.typed_get::<IfUnmodifiedSince>()) {
        (Some(wanted), _) => !tag.is_some_and(|tag| wanted.precondition_passes(tag)),
        (None, Some(since)) => !since.precondition_passes(modified),
        (None, None) => false,
    };
    if has_failed {
        return Answer::PreconditionFailed;
    }
    let is_known = match (request.typed_get::<IfNoneMatch>(), request.typed_get::<IfModifiedSince>()) {
        (Some(known), _) => tag.is_some_and(|tag| !known.precondition_passes(tag)),
        (None, Some(since)) => !since.is_modified(modified),
        (None, None) => false,
    };
    if is_known {
        return Answer::NotModified;
    }
    let is_outdated =
        request.typed_get::<IfRange>().is_some_and(|known| known.is_modified(tag, Some(&LastModified::from(modified))));
    match request.typed_get::<headers::Range>().filter(|_| !is_outdated) {
        Some(range) => part(&range, length),
        None => Answer::Whole,
    }
}

/// Returns the part that a range names. Several ranges are answered with the whole, which is always allowed (RFC 9110 §14.2), and keeps
/// a request from having a file sent many times over.
fn part(range: &headers::Range, length: u64) -> Answer {
    let mut ranges = range.satisfiable_ranges(length);
    let (Some((start, end)), None) = (ranges.next(), ranges.next()) else { return Answer::Whole };
    let Bound::Included(start) = start else { return Answer::Whole };
    let end = match end {
        Bound::Included(last) if last < start => return Answer::Whole,
        Bound::Included(last) => last.saturating_add(1).min(length),
        _ => length,
    };
    match (usize::try_from(start), usize::try_from(end)) {
        (Ok(start), Ok(end)) if start < end => Answer::Part(start..end),
        _ => Answer::Unsatisfiable,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const MODIFIED: &str = "Fri, 27 Nov 2026 12:00:00 GMT";

    fn answer(fields: &[(&'static str, &'static str)]) -> Answer {
        let mut request = HeaderMap::new();
        for (name, value) in fields {
            request.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_780_800);
        judge(&request, "\"a-gz\"".parse().ok().as_ref(), modified, 1000)
    }

    #[test]
    fn validator_that_is_known_is_answered_with_not_modified() {
        for value in ["\"a-gz\"", "\"x\", \"a-gz\"", "W/\"a-gz\"", "*"] {
            assert_eq!(answer(&[("if-none-match", value)]), Answer::NotModified, "{value}");
        }
        assert_eq!(answer(&[("if-modified-since", MODIFIED)]), Answer::NotModified);
        assert_eq!(answer(&[("if-modified-since", "Fri, 27 Nov 2026 11:59:59 GMT")]), Answer::Whole);
        assert_eq!(answer(&[("if-modified-since", "yesterday")]), Answer::Whole);
    }

    #[test]
    fn tag_counts_more_than_the_date() {
        assert_eq!(answer(&[("if-none-match", "\"a\""), ("if-modified-since", MODIFIED)]), Answer::Whole);
        assert_eq!(answer(&[("if-match", "\"a-gz\""), ("if-unmodified-since", "Fri, 27 Nov 2026 11:00:00 GMT")]), Answer::Whole);
    }

    #[test]
    fn precondition_that_fails_is_told() {
        assert_eq!(answer(&[("if-match", "\"b\"")]), Answer::PreconditionFailed);
        assert_eq!(answer(&[("if-match", "W/\"a-gz\"")]), Answer::PreconditionFailed, "weak ones never match");
        assert_eq!(answer(&[("if-unmodified-since", "Fri, 27 Nov 2026 11:00:00 GMT")]), Answer::PreconditionFailed);
    }

    #[test]
    fn range_gets_its_bytes() {
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=10-19", 10..20),
            ("bytes=990-", 990..1000),
            ("bytes=-5", 995..1000),
            ("bytes=5-99999", 5..1000),
        ] {
            assert_eq!(answer(&[("range", range)]), Answer::Part(part), "{range}");
        }
        assert_eq!(answer(&[("range", "bytes=0-9"), ("if-range", "\"a-gz\"")]), Answer::Part(0..10));
    }

    #[test]
    fn range_that_makes_no_sense_or_is_outdated_gets_the_whole() {
        for range in ["bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=-99999999999999999999"]
        {
            assert_eq!(answer(&[("range", range)]), Answer::Whole, "{range}");
        }
        assert_eq!(answer(&[("range", "bytes=0-9"), ("if-range", "\"old\"")]), Answer::Whole);
        assert_eq!(answer(&[("range", "bytes=1000-")]), Answer::Unsatisfiable);
        assert_eq!(answer(&[("range", "bytes=99999-100000")]), Answer::Unsatisfiable);
    }
}
