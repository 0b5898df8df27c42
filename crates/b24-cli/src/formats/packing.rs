//! `.gz` and `.zst`: text made small, in members that each end at a whole row.
//!
//! Both formats allow members one after the other, and every reader takes them for one stream:
//! so a part can be cut behind a member and gone on with.

use std::io::{self, BufRead, Read, Write};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

/// How a text file is made small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    /// The packing of an ending such as `gz`.
    pub(super) fn named(ending: &str) -> Option<Self> {
        match ending {
            "gz" => Some(Self::Gzip),
            "zst" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The packing of a file that begins so.
    pub(crate) fn begins(head: &[u8]) -> Option<Self> {
        match head {
            [0x1F, 0x8B, ..] => Some(Self::Gzip),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// What was packed, all members of it.
    pub(crate) fn unpack(
        self,
        packed: impl BufRead + Send + 'static,
    ) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
        })
    }

    /// The ending of a file.
    pub(super) const fn ending(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Zstd => "zst",
        }
    }
}

/// Makes text small.
pub(super) struct Packer {
    packing: Packing,
    /// The member that is not ended yet.
    member: Option<Member>,
}

enum Member {
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Packer({:?})", self.packing)
    }
}

impl Packer {
    pub(super) const fn new(packing: Packing) -> Self {
        Self {
            packing,
            member: None,
        }
    }

    /// Takes text; what is ready goes to `out`.
    #[expect(clippy::expect_used, reason = "memory takes every write")]
    pub(super) fn write(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let packing = self.packing;
        let member = self.member.get_or_insert_with(|| Member::new(packing));
        member.write(text, out).expect("packing into memory");
    }

    /// Ends the member: what is in `out` then stands by itself.
    #[expect(clippy::expect_used, reason = "memory takes every write")]
    pub(super) fn settle(&mut self, out: &mut Vec<u8>) {
        if let Some(member) = self.member.take() {
            out.append(&mut member.end().expect("packing into memory"));
        }
    }

    /// The end of the file. One without rows is still a file of its format.
    pub(super) fn finish(&mut self, whole: bool, out: &mut Vec<u8>) {
        if whole && self.member.is_none() {
            self.member = Some(Member::new(self.packing));
        }
        self.settle(out);
    }
}

impl Member {
    #[expect(clippy::expect_used, reason = "the level is one that zstd has")]
    fn new(packing: Packing) -> Self {
        match packing {
            Packing::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::default())),
            Packing::Zstd => {
                let encoder =
                    zstd::stream::write::Encoder::new(Vec::new(), zstd::DEFAULT_COMPRESSION_LEVEL);
                let mut encoder = encoder.expect("a zstd encoder");
                encoder.include_checksum(true).expect("a checksum");
                Self::Zstd(encoder)
            }
        }
    }

    fn write(&mut self, text: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => {
                encoder.write_all(text)?;
                out.append(encoder.get_mut());
            }
            Self::Zstd(encoder) => {
                encoder.write_all(text)?;
                out.append(encoder.get_mut());
            }
        }
        Ok(())
    }

    fn end(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}
