//! Faults of containers: why an input cannot be unpacked, or not to its end, in the words of this program.

use std::io::{self, ErrorKind};

/// Reason why a container or an encoding is not read to its end. Travels in an [`io::Error`] through the layers above.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// Its end is missing.
    #[error("the compressed data ends too early; what came before counts, copy the file again")]
    Cut,
    /// Its bytes are not what they were.
    #[error("the compressed data is damaged; what came before counts, copy the file again")]
    Damaged,
    /// Its text is not what was packed.
    #[error(
        "the compressed data is damaged (its checksum does not match); what came before counts, copy the file again"
    )]
    Checksum,
    /// Something else stands behind its end.
    #[error("something else follows behind the compressed data and was not read; save it as a file of its own")]
    Behind,
    /// Unpacking it takes more memory than there is for it.
    #[error("unpacking it takes {} MiB of memory, and a run may take {} MiB; unpack it first: {command}", mib(*.need), mib(*.most))]
    Window {
        /// Bytes that it and the layers around it take.
        need: u64,
        /// Bytes that they may take.
        most: u64,
        /// Command that unpacks it.
        command: &'static str,
    },
    /// Its text ends within a character, of which this many bytes are there.
    #[error("the UTF-16 text ends within a character; what came before counts, copy the file again")]
    Torn(u64),
    /// From this byte on it is no text.
    #[error(
        "from about byte {0} on it is no text, but compressed data or UTF-16, and was not read; save that part as a file of its own"
    )]
    NoText(u64),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

fn mib(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::new(ErrorKind::InvalidData, fault)
    }
}

/// Returns the fault that an error carries.
pub(super) fn fault_in(error: &io::Error) -> Option<&Fault> {
    error.get_ref()?.downcast_ref()
}

/// Puts the error of a decoder into our words, unless it comes from below the decoder: from a layer there, or from the
/// disk. `ended` says whether the decoder had read all there was.
pub(super) fn of_decoder(error: io::Error, ended: bool) -> io::Error {
    if fault_in(&error).is_some() || error.raw_os_error().is_some() {
        return error;
    }
    match error.kind() {
        ErrorKind::UnexpectedEof => Fault::Cut.into(),
        ErrorKind::InvalidData
        | ErrorKind::InvalidInput
        | ErrorKind::Other
        | ErrorKind::OutOfMemory
        | ErrorKind::Unsupported => if ended { Fault::Cut } else { Fault::Damaged }.into(),
        _ => error,
    }
}
