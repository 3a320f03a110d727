//! Reads of exactly so many bytes: where a container ends before, it was cut.

use std::io::{self, Read};

use super::fault::Fault;

/// Reads until `buffer` is full or the input ends.
pub(super) fn read_some(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match input.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// Reads until `buffer` is full; the input must not end before.
pub(super) fn read_all(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<()> {
    if read_some(input, buffer)? < buffer.len() {
        return Err(Fault::Cut.into());
    }
    Ok(())
}

/// Reads so many bytes.
pub(super) fn read_exactly<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    read_all(input, &mut bytes)?;
    Ok(bytes)
}

/// Reads to the end of an input that may be padded with zeros, as on tapes.
pub(super) fn only_zeros(input: &mut impl Read) -> io::Result<()> {
    let mut block = [0; 4096];
    loop {
        let length = read_some(input, &mut block)?;
        if block[..length].iter().any(|byte| *byte != 0) {
            return Err(Fault::Behind.into());
        }
        if length == 0 {
            return Ok(());
        }
    }
}
