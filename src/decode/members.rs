//! gzip and bzip2 as streams: one member after the other, with zeros between and behind.

use std::io::{self, BufRead, BufReader, Read};
use std::marker::PhantomData;

use super::fault::{Fault, of_decoder};

/// Bytes read at a time.
const BLOCK: usize = 32 * 1024;

/// Input that tells whether it has ended.
pub(super) struct EndingSource<R> {
    rest: R,
    ended: bool,
}

impl<R: Read> Read for EndingSource<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.rest.read(buffer)?;
        self.ended |= count == 0 && !buffer.is_empty();
        Ok(count)
    }
}

type MemberSource<R> = BufReader<EndingSource<R>>;

/// Decoder of one member.
pub(super) trait Member<R>: Read {
    /// First bytes of every member.
    const MAGIC: &'static [u8];
    fn begin(source: MemberSource<R>) -> Self;
    fn source(&self) -> &MemberSource<R>;
    fn end(self) -> MemberSource<R>;
}

impl<R: Read> Member<R> for flate2::bufread::GzDecoder<MemberSource<R>> {
    const MAGIC: &'static [u8] = b"\x1f\x8b";

    fn begin(source: MemberSource<R>) -> Self {
        Self::new(source)
    }

    fn source(&self) -> &MemberSource<R> {
        self.get_ref()
    }

    fn end(self) -> MemberSource<R> {
        self.into_inner()
    }
}

impl<R: Read> Member<R> for bzip2::bufread::BzDecoder<MemberSource<R>> {
    const MAGIC: &'static [u8] = b"BZh";

    fn begin(source: MemberSource<R>) -> Self {
        Self::new(source)
    }

    fn source(&self) -> &MemberSource<R> {
        self.get_ref()
    }

    fn end(self) -> MemberSource<R> {
        self.into_inner()
    }
}

/// Decodes all members of an input.
pub(super) struct Members<M, R> {
    member: Option<M>,
    between: Option<MemberSource<R>>,
    input: PhantomData<R>,
}

/// Decodes gzip.
pub(super) fn gzip<R: Read>(input: R) -> Members<flate2::bufread::GzDecoder<MemberSource<R>>, R> {
    Members::new(input)
}

/// Decodes bzip2.
pub(super) fn bzip2<R: Read>(input: R) -> Members<bzip2::bufread::BzDecoder<MemberSource<R>>, R> {
    Members::new(input)
}

impl<R: Read, M: Member<R>> Members<M, R> {
    fn new(input: R) -> Self {
        let source = BufReader::with_capacity(BLOCK, EndingSource { rest: input, ended: false });
        Self { member: None, between: Some(source), input: PhantomData }
    }

    /// Goes to the next member. Returns whether there is one.
    fn next_member(&mut self) -> io::Result<bool> {
        let Some(mut source) = self.between.take() else { return Ok(false) };
        loop {
            let read = source.fill_buf()?;
            if read.is_empty() {
                return Ok(false);
            }
            let zeros = read.iter().take_while(|byte| **byte == 0).count();
            let behind = &read[zeros..];
            let known = &M::MAGIC[..M::MAGIC.len().min(behind.len())];
            if !behind.starts_with(known) {
                return Err(Fault::Behind.into());
            }
            let begins = !behind.is_empty();
            source.consume(zeros);
            if begins {
                self.member = Some(M::begin(source));
                return Ok(true);
            }
        }
    }
}

impl<R: Read, M: Member<R>> Read for Members<M, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(member) = &mut self.member {
                match member.read(buffer) {
                    Ok(0) => self.between = self.member.take().map(M::end),
                    Ok(count) => return Ok(count),
                    Err(error) => return Err(of_decoder(error, member.source().get_ref().ended)),
                }
            }
            if !self.next_member()? {
                return Ok(0);
            }
        }
    }
}
