//! Text of any encoding as UTF-8, while it is read.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_8};

use super::encoding::Found;

/// How much is read at once.
pub(super) const CHUNK: usize = 64 * 1024;
/// Stands for bytes that are no text. No UTF-8 has it, so the row that has it is found out when its
/// cells become texts.
const NO_TEXT: u8 = 0xFF;

/// Bytes of an encoding as UTF-8. UTF-8 itself is passed on as it is, right or wrong.
pub(super) struct Decoded {
    source: Box<dyn Read + Send>,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// The part of `raw` that is not decoded yet.
    left: std::ops::Range<usize>,
    ended: bool,
    finished: bool,
}

impl Decoded {
    /// Decodes `source` from behind its byte order mark.
    pub(super) fn new(mut source: Box<dyn Read + Send>, found: &Found) -> io::Result<Self> {
        io::copy(&mut source.by_ref().take(found.mark), &mut io::sink())?;
        let decoder =
            (found.encoding != UTF_8).then(|| found.encoding.new_decoder_without_bom_handling());
        Ok(Self {
            source,
            raw: vec![0; if decoder.is_some() { CHUNK } else { 0 }],
            decoder,
            left: 0..0,
            ended: false,
            finished: false,
        })
    }
}

impl Read for Decoded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else {
            return self.source.read(out);
        };
        // A decoder wants room for one character, and there may be a byte that stands for none.
        let room = out.len().saturating_sub(1);
        if room < 4 {
            return Err(io::Error::other("text is decoded into larger buffers"));
        }
        while !self.finished {
            if self.left.is_empty() && !self.ended {
                let read = self.source.read(&mut self.raw)?;
                self.left = 0..read;
                self.ended = read == 0;
            }
            let (result, read, mut written) = decoder.decode_to_utf8_without_replacement(
                &self.raw[self.left.clone()],
                &mut out[..room],
                self.ended,
            );
            self.left.start += read;
            match result {
                DecoderResult::Malformed(..) => {
                    out[written] = NO_TEXT;
                    written += 1;
                }
                DecoderResult::InputEmpty => self.finished = self.ended,
                DecoderResult::OutputFull => {}
            }
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}
