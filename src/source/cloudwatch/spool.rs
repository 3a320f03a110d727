//! Spool of pulled pages: a compressed temporary file, read back in the order of the result.
//!
//! Pages arrive in any order and are read back by log group, and by time within a group. Memory holds only each page's
//! location (16 bytes).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Bound;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// Location of a page in the file.
#[derive(Clone, Copy, Debug)]
struct PageLocation {
    offset: u64,
    length: u32,
    /// Bytes of the text, unpacked.
    text: u32,
}

/// Key of a slice: its log group, the streams of the group that it reads, and its first millisecond. The order is that
/// of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SliceId {
    /// Index of the log group in the list of targets.
    pub(super) target: usize,
    /// Index of the prefix of stream names; 0 where all streams are read.
    pub(super) stream: usize,
    /// First millisecond since 1970.
    pub(super) start: i64,
}

/// The pages of one slice.
#[derive(Debug, Default)]
struct Pages {
    places: Vec<PageLocation>,
    done: bool,
}

#[derive(Debug)]
struct SpoolState {
    file: File,
    end: u64,
    slices: BTreeMap<SliceId, Pages>,
    /// Whether all pages have arrived.
    over: bool,
    /// The write error, after which nothing can be spooled.
    broken: Option<String>,
}

/// A queue of pages from many pullers to one reader.
#[derive(Debug)]
pub(super) struct PageSpool {
    state: Mutex<SpoolState>,
    news: Condvar,
}

/// Position of the reader.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    slice: Option<SliceId>,
    page: usize,
}

impl PageSpool {
    /// Creates a spool.
    pub(super) fn new() -> io::Result<Self> {
        let state =
            SpoolState { file: tempfile::tempfile()?, end: 0, slices: BTreeMap::new(), over: false, broken: None };
        Ok(Self { state: Mutex::new(state), news: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, SpoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces a slice; the reader waits for it until it is closed.
    pub(super) fn open(&self, slice: SliceId) {
        self.state().slices.entry(slice).or_default();
    }

    /// Stores the text of one page.
    pub(super) fn push(&self, slice: SliceId, text: &[u8]) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        let packed = pack(text).map_err(|error| error.to_string())?;
        let mut state = self.state();
        let written = state.append(&packed, text.len());
        if let Err(error) = &written {
            state.broken = Some(error.to_string());
        }
        let place = written.map_err(|error| error.to_string())?;
        if let Some(pages) = state.slices.get_mut(&slice) {
            pages.places.push(place);
        }
        self.news.notify_all();
        Ok(())
    }

    /// Marks a slice as complete.
    pub(super) fn close(&self, slice: SliceId) {
        if let Some(pages) = self.state().slices.get_mut(&slice) {
            pages.done = true;
        }
        self.news.notify_all();
    }

    /// Marks the whole spool as complete.
    pub(super) fn end(&self) {
        self.state().over = true;
        self.news.notify_all();
    }

    /// Returns the next page in the order of the result, waiting until it arrives; `None` after the last.
    pub(super) fn next(&self, cursor: &mut Cursor) -> io::Result<Option<Vec<u8>>> {
        let mut state = self.state();
        loop {
            match state.next(cursor) {
                NextPage::Page(place) => {
                    let packed = state.read(place)?;
                    drop(state);
                    return unpack(&packed, place.text as usize).map(Some);
                }
                NextPage::End => return Ok(None),
                NextPage::Wait => state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// The next step of a cursor.
enum NextPage {
    Page(PageLocation),
    Wait,
    End,
}

impl SpoolState {
    fn append(&mut self, packed: &[u8], text: usize) -> io::Result<PageLocation> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(packed)?;
        let size = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let place = PageLocation { offset: self.end, length: size(packed.len()), text: size(text) };
        self.end += packed.len() as u64;
        Ok(place)
    }

    fn read(&mut self, place: PageLocation) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(place.offset))?;
        let mut packed = vec![0; place.length as usize];
        self.file.read_exact(&mut packed)?;
        Ok(packed)
    }

    fn next(&self, cursor: &mut Cursor) -> NextPage {
        loop {
            let Some(at) = cursor.slice else {
                // The end of the list may be reached before the end of the work, so only `over` ends the reading.
                let Some((first, _)) = self.slices.first_key_value() else { return self.rest() };
                (cursor.slice, cursor.page) = (Some(*first), 0);
                continue;
            };
            let Some(pages) = self.slices.get(&at) else { return NextPage::End };
            if let Some(place) = pages.places.get(cursor.page) {
                cursor.page += 1;
                return NextPage::Page(*place);
            }
            if !pages.done && !self.over {
                return NextPage::Wait;
            }
            let Some((next, _)) = self.slices.range((Bound::Excluded(at), Bound::Unbounded)).next() else {
                return self.rest();
            };
            (cursor.slice, cursor.page) = (Some(*next), 0);
        }
    }

    /// Returns what follows the last slice.
    fn rest(&self) -> NextPage {
        if self.over { NextPage::End } else { NextPage::Wait }
    }
}

fn pack(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = DeflateEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    packed.write_all(text)?;
    packed.finish()
}

fn unpack(packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(size);
    DeflateDecoder::new(packed).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(target: usize, start: i64) -> SliceId {
        SliceId { target, stream: 0, start }
    }

    #[test]
    fn pages_leave_in_the_order_of_the_result() {
        let spool = PageSpool::new().unwrap();
        for one in [slice(0, 0), slice(1, 0), slice(2, 0)] {
            spool.open(one);
        }
        spool.push(slice(2, 0), b"e").unwrap();
        spool.open(slice(0, 50));
        spool.push(slice(0, 50), b"c").unwrap();
        spool.push(slice(0, 0), b"a").unwrap();
        spool.push(slice(0, 0), b"b").unwrap();
        spool.push(slice(1, 0), b"d").unwrap();
        for one in [slice(0, 50), slice(0, 0), slice(1, 0), slice(2, 0)] {
            spool.close(one);
        }
        spool.end();
        let mut cursor = Cursor::default();
        let mut all = Vec::new();
        while let Some(text) = spool.next(&mut cursor).unwrap() {
            all.extend(text);
        }
        assert_eq!(all, b"abcde");
    }

    #[test]
    fn a_reader_waits_until_it_is_over() {
        let spool = PageSpool::new().unwrap();
        spool.open(slice(0, 0));
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut cursor = Cursor::default();
                (spool.next(&mut cursor).unwrap(), spool.next(&mut cursor).unwrap())
            });
            spool.push(slice(0, 0), b"x").unwrap();
            spool.end();
            assert_eq!(reader.join().unwrap(), (Some(b"x".to_vec()), None));
        });
    }
}
