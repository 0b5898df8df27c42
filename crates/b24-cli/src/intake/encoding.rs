//! Which encoding a text has: what was said, else its byte order mark, else what its bytes look like.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::decode::CHUNK;

/// How many bytes are shown to the detector, from the first on that is not ASCII.
const ENOUGH: usize = 1024 * 1024;

/// An encoding, and how long its byte order mark is in this text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) encoding: &'static Encoding,
    /// Bytes.
    pub(super) mark: u64,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Said,
    Mark,
    Bytes,
}

impl Found {
    /// What a person should know who said nothing.
    pub(super) fn note(&self, name: &str) -> Option<String> {
        let encoding = self.encoding.name();
        match self.how {
            How::Said => None,
            _ if self.encoding == UTF_8 => None,
            How::Mark => Some(format!("{name} is {encoding}, says its byte order mark")),
            How::Bytes => Some(format!(
                "{name} looks like {encoding} and is read so; --encoding names another"
            )),
        }
    }
}

/// Finds the encoding of a text; `open` opens it from its start.
pub(super) fn find<R: Read>(
    open: impl Fn() -> io::Result<R>,
    said: Option<&'static Encoding>,
) -> io::Result<Found> {
    let mut head = Vec::new();
    open()?.take(CHUNK as u64).read_to_end(&mut head)?;
    let marked = Encoding::for_bom(&head);
    if let Some(encoding) = said {
        let mark = match marked {
            Some((marked, length)) if marked == encoding => length as u64,
            _ => 0,
        };
        return Ok(Found {
            encoding,
            mark,
            how: How::Said,
        });
    }
    if let Some((encoding, mark)) = marked {
        return Ok(Found {
            encoding,
            mark: mark as u64,
            how: How::Mark,
        });
    }
    let encoding = match utf16(&head) {
        Some(encoding) => encoding,
        None if is_utf8(open()?)? => UTF_8,
        None => guess(open()?)?,
    };
    Ok(Found {
        encoding,
        mark: 0,
        how: How::Bytes,
    })
}

/// UTF-16 without a mark: zero bytes, which other text has not, nearly all on one side. Even
/// Cyrillic has so many in its spaces, digits and line ends.
fn utf16(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |side: usize| {
        let bytes = head.iter().skip(side).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    match even + odd {
        few if few * 40 < head.len() || few == 0 => None,
        _ if odd > 9 * even => Some(UTF_16LE),
        _ if even > 9 * odd => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether a text is UTF-8, a few broken characters aside: those are told with their rows.
fn is_utf8(mut text: impl Read) -> io::Result<bool> {
    let mut buffer = vec![0; CHUNK];
    let (mut kept, mut good, mut broken) = (0, 0_u64, 0_u64);
    loop {
        let read = text.read(&mut buffer[kept..])?;
        let bytes = &buffer[..kept + read];
        let mut rest = bytes;
        loop {
            let (valid, bad) = match std::str::from_utf8(rest) {
                Ok(_) => (rest.len(), 0),
                // None: cut by the end of the buffer, or of the text.
                Err(error) if read > 0 && error.error_len().is_none() => (error.valid_up_to(), 0),
                Err(error) => (
                    error.valid_up_to(),
                    error
                        .error_len()
                        .unwrap_or(rest.len() - error.valid_up_to()),
                ),
            };
            good += rest[..valid].iter().filter(|byte| **byte >= 0xC0).count() as u64;
            broken += u64::from(bad > 0);
            rest = &rest[valid + bad..];
            if bad == 0 {
                break;
            }
        }
        if read == 0 {
            return Ok(broken * 10 <= good);
        }
        let (length, left) = (bytes.len(), rest.len());
        buffer.copy_within(length - left..length, 0);
        kept = left;
    }
}

fn guess(mut text: impl Read) -> io::Result<&'static Encoding> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut buffer = vec![0; CHUNK];
    let mut shown = 0;
    while shown < ENOUGH {
        let read = text.read(&mut buffer)?;
        if detector.feed(&buffer[..read], read == 0) {
            shown += read;
        }
        if read == 0 {
            break;
        }
    }
    Ok(detector.guess(None, Utf8Detection::Deny))
}
