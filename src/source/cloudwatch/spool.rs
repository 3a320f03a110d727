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
    /// Slices of each log group, by their first millisecond.
    groups: Vec<BTreeMap<i64, Pages>>,
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
    group: usize,
    slice: Option<i64>,
    page: usize,
}

impl PageSpool {
    /// Creates a spool for this number of log groups.
    pub(super) fn new(groups: usize) -> io::Result<Self> {
        let state = SpoolState {
            file: tempfile::tempfile()?,
            end: 0,
            groups: (0..groups).map(|_| BTreeMap::new()).collect(),
            over: false,
            broken: None,
        };
        Ok(Self { state: Mutex::new(state), news: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, SpoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces a slice; the reader waits for it until it is closed.
    pub(super) fn open(&self, group: usize, start: i64) {
        if let Some(slices) = self.state().groups.get_mut(group) {
            slices.entry(start).or_default();
        }
    }

    /// Stores the text of one page.
    pub(super) fn push(&self, group: usize, start: i64, text: &[u8]) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        let packed = pack(text).map_err(|error| error.to_string())?;
        let mut state = self.state();
        let written = state.append(&packed);
        if let Err(error) = &written {
            state.broken = Some(error.to_string());
        }
        let place = written.map_err(|error| error.to_string())?;
        if let Some(pages) = state.groups.get_mut(group).and_then(|slices| slices.get_mut(&start)) {
            pages.places.push(place);
        }
        self.news.notify_all();
        Ok(())
    }

    /// Marks a slice as complete.
    pub(super) fn close(&self, group: usize, start: i64) {
        if let Some(pages) = self.state().groups.get_mut(group).and_then(|slices| slices.get_mut(&start)) {
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
                    return unpack(&packed).map(Some);
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
    fn append(&mut self, packed: &[u8]) -> io::Result<PageLocation> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(packed)?;
        let place = PageLocation { offset: self.end, length: u32::try_from(packed.len()).unwrap_or(u32::MAX) };
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
        while let Some(slices) = self.groups.get(cursor.group) {
            let Some(at) = cursor.slice else {
                match slices.keys().next() {
                    Some(first) => (cursor.slice, cursor.page) = (Some(*first), 0),
                    None => cursor.group += 1,
                }
                continue;
            };
            let Some(pages) = slices.get(&at) else { return NextPage::End };
            if let Some(place) = pages.places.get(cursor.page) {
                cursor.page += 1;
                return NextPage::Page(*place);
            }
            if !pages.done && !self.over {
                return NextPage::Wait;
            }
            cursor.page = 0;
            cursor.slice = slices.range((Bound::Excluded(at), Bound::Unbounded)).next().map(|(start, _)| *start);
            if cursor.slice.is_none() {
                cursor.group += 1;
            }
        }
        // The end of the list may be reached before the end of the work, so only `over` ends the reading.
        if self.over { NextPage::End } else { NextPage::Wait }
    }
}

fn pack(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = DeflateEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    packed.write_all(text)?;
    packed.finish()
}

fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(packed.len() * 6);
    DeflateDecoder::new(packed).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_leave_in_the_order_of_the_result() {
        let spool = PageSpool::new(3).unwrap();
        for (group, start) in [(0, 0), (1, 0), (2, 0)] {
            spool.open(group, start);
        }
        spool.push(2, 0, b"e").unwrap();
        spool.open(0, 50);
        spool.push(0, 50, b"c").unwrap();
        spool.push(0, 0, b"a").unwrap();
        spool.push(0, 0, b"b").unwrap();
        spool.push(1, 0, b"d").unwrap();
        for (group, start) in [(0, 50), (0, 0), (1, 0), (2, 0)] {
            spool.close(group, start);
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
        let spool = PageSpool::new(1).unwrap();
        spool.open(0, 0);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut cursor = Cursor::default();
                (spool.next(&mut cursor).unwrap(), spool.next(&mut cursor).unwrap())
            });
            spool.push(0, 0, b"x").unwrap();
            spool.end();
            assert_eq!(reader.join().unwrap(), (Some(b"x".to_vec()), None));
        });
    }
}
