//! Search for the pieces of attempts that files end within.
//!
//! An attempt of which one file has START and another one REPORT is one attempt, and so is what stands in a file between them.
//! The pieces are known by the request and by their times: a REPORT belongs to what began last before it, and never to an
//! attempt that has its own.

use super::Entry;
use super::entry::{Fact, Piece, unnamed_stream};
use crate::model::{Place, Timestamp};

/// Milliseconds between START and what END and Duration give for it, at most: extensions may end seconds after the handler.
/// A retry begins a minute after the end.
pub(super) const PIECES_APART_MS: i64 = 5_000;
/// Attempts of one event that are compared with each other.
const COMPARED: usize = 64;

/// Two pieces that were joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JoinedPieces {
    /// Place of the first piece, where the whole stands now.
    pub(super) kept: Place,
    /// Place of the other piece.
    pub(super) piece: Place,
    /// Whether the verdict is that of the other piece.
    pub(super) tells: bool,
    /// Start of the whole.
    pub(super) started_at: Option<Timestamp>,
}

/// Joins the pieces among the attempts of one event, which are in order of their start. Returns whether there were any, and
/// calls `joined` with each pair.
pub(super) fn join(attempts: &mut Vec<Entry>, mut joined: impl FnMut(&JoinedPieces)) -> bool {
    let has = |piece: Piece| attempts.iter().any(|entry| entry.piece() == piece);
    if attempts.len() < 2 || !has(Piece::WithoutReport) {
        return false;
    }
    if let [one, other] = attempts[..]
        && let Some((whole, piece)) = without_time(&one, &other)
    {
        let tells = piece.decision() >= whole.decision();
        let joint = whole.joined(&piece);
        let (kept, piece) = (whole.place(), piece.place());
        joined(&JoinedPieces { kept, piece, tells, started_at: joint.started_at() });
        *attempts = vec![joint];
        return true;
    }
    if !has(Piece::WithoutStart) {
        return false;
    }
    // Where the attempts with a REPORT end.
    let mut ends: Vec<(Timestamp, usize)> = (0..attempts.len())
        .filter(|at| attempts[*at].duration().is_some())
        .filter_map(|at| Some((attempts[at].ended_at()?, at)))
        .collect();
    ends.sort_unstable();
    let mut gone = vec![false; attempts.len()];
    for (number, (end, at)) in ends.iter().enumerate() {
        let report = attempts[*at];
        if report.piece() != Piece::WithoutStart || report.has(Fact::Emulated) || has_copy(&ends, number, attempts) {
            continue;
        }
        let Some(from) = earliest_start(&report, &ends[..number], attempts) else { continue };
        let mut pieces = pieces_of(&report, *at, (from, *end), attempts, &gone);
        if pieces.is_empty() {
            continue;
        }
        pieces.sort_unstable_by_key(|piece| (attempts[*piece].started_at(), *piece));
        pieces.push(*at);
        let first = pieces[0];
        for piece in pieces.drain(1..) {
            let (one, other) = (attempts[first], attempts[piece]);
            let whole = one.joined(&other);
            let tells = other.decision() >= one.decision();
            let started_at = whole.started_at();
            joined(&JoinedPieces { kept: one.place(), piece: other.place(), tells, started_at });
            attempts[first] = whole;
            gone[piece] = true;
        }
    }
    let mut is_gone = gone.iter();
    let before = attempts.len();
    attempts.retain(|_| !is_gone.next().copied().unwrap_or(false));
    attempts.len() < before
}

/// Returns the only attempt of an event and a piece without a time, which is of that attempt: of a line that a file ends within,
/// the beginning, with the time and the stream, stands in another one.
fn without_time(one: &Entry, other: &Entry) -> Option<(Entry, Entry)> {
    let is_piece = |entry: &Entry| {
        entry.started_at().is_none() && entry.piece() == Piece::WithoutReport && entry.stream == unnamed_stream()
    };
    let is_whole = |entry: &Entry| entry.started_at().is_some() && entry.duration().is_some();
    let fits = one.place().input != other.place().input && !one.has(Fact::Emulated) && !other.has(Fact::Emulated);
    match (is_piece(one) && is_whole(other), is_piece(other) && is_whole(one)) {
        (true, _) => Some((*other, *one)),
        (_, true) => Some((*one, *other)),
        _ => None,
    }
    .filter(|_| fits)
}

/// Returns whether two entries may be of one stream: of two names one is of another environment.
fn may_share_stream(one: &Entry, other: &Entry) -> bool {
    let is_told = one.stream != unnamed_stream() && other.stream != unnamed_stream();
    one.stream == other.stream || !is_told && one.place().input != other.place().input
}

/// Returns whether another attempt has the same REPORT.
fn has_copy(ends: &[(Timestamp, usize)], number: usize, attempts: &[Entry]) -> bool {
    let (end, at) = ends[number];
    let before = ends[..number].iter().rev().take(COMPARED);
    let behind = ends[number + 1..].iter().take(COMPARED);
    let is_copy = |other: &(Timestamp, usize)| {
        let (one, other) = (&attempts[at], &attempts[other.1]);
        other.piece() == Piece::Whole && !one.contradicts(other) && may_share_stream(one, other)
    };
    before.take_while(|other| other.0 == end).any(is_copy) || behind.take_while(|other| other.0 == end).any(is_copy)
}

/// Returns when what belongs to a REPORT begins at the earliest: shortly before what the REPORT tells, and not before the end of
/// the attempt before.
fn earliest_start(report: &Entry, ends: &[(Timestamp, usize)], attempts: &[Entry]) -> Option<Timestamp> {
    let told = Timestamp::from_ms(report.started_at()?.ms() - PIECES_APART_MS)?;
    let is_other =
        |(end, at): &&(Timestamp, usize)| Some(*end) < report.ended_at() && may_share_stream(report, &attempts[*at]);
    let last = ends.iter().rev().take(COMPARED).find(is_other);
    Some(last.map_or(told, |(end, _)| told.max(*end)))
}

/// Returns the places of the pieces without a REPORT that began within this time: the last one of each input, as two in one
/// input are two attempts, and one of equals.
fn pieces_of(
    report: &Entry,
    at: usize,
    (from, to): (Timestamp, Timestamp),
    attempts: &[Entry],
    gone: &[bool],
) -> Vec<usize> {
    let began_within = |at: &usize| attempts[*at].started_at().is_some_and(|start| (from..=to).contains(&start));
    let behind = (at + 1..attempts.len()).take(COMPARED).take_while(began_within);
    let before = (0..at).rev().take(COMPARED).take_while(began_within);
    let mut found: Vec<usize> = Vec::new();
    let behind: Vec<usize> = behind.collect();
    for piece in behind.into_iter().rev().chain(before) {
        let entry = &attempts[piece];
        let is_piece = entry.piece() == Piece::WithoutReport
            && !gone[piece]
            && may_share_stream(report, entry)
            && !report.contradicts(entry)
            && !begins_with_another(piece, attempts);
        let is_known = |other: &usize| {
            let other = &attempts[*other];
            other.place().input == entry.place().input || other.started_at() == entry.started_at()
        };
        if is_piece && !found.iter().any(is_known) {
            found.push(piece);
        }
    }
    found
}

/// Returns whether an attempt with START and REPORT begins with a piece: then that is a copy of its beginning.
fn begins_with_another(piece: usize, attempts: &[Entry]) -> bool {
    let one = &attempts[piece];
    let is_whole =
        |other: &Entry| other.duration().is_some() && !other.has(Fact::StartCut) && may_share_stream(one, other);
    let before = attempts[..piece].iter().rev().take(COMPARED);
    let behind = attempts[piece + 1..].iter().take(COMPARED);
    let at_once = |other: &&Entry| other.started_at() == one.started_at();
    before.take_while(at_once).any(is_whole) || behind.take_while(at_once).any(is_whole)
}
