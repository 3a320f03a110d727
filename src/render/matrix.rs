//! Matrix of the table: a row per function, worst first, and a column per kind of failure that occurs. It never splits:
//! what does not fit is shortened, left out by name, or added up.

use std::collections::{BTreeSet, HashMap};

use super::escape::one_line;
use super::grid::{self, Cell, GAP, GridColumn};
use super::names::distinct;
use super::style::{Ink, Style};
use super::time_axis::{Axis, bars};
use super::view::View;
use super::words::{cell, duration, percent, thousands, width, wrap};
use crate::model::Category;
use crate::wire::{FunctionSummary, NO_NAME, Summary};

/// Columns that a long name keeps if other columns can do with less, and at least.
const NAME_ROOM: (usize, usize) = (26, 18);
/// Cells of the course of a function's failures.
const TREND_CELLS: usize = 8;
/// Kinds of failure that keep a column of their own as long as anything else can go.
const KINDS_KEPT: usize = 5;

/// A kind of failure: its heading, and a shorter one.
struct FailureKind {
    category: Category,
    heading: &'static str,
    short: &'static str,
}

/// GridColumn headings of the error-handling matrix: first what happens to the function itself, then calls that it makes to
/// Lambda.
const OWN: [FailureKind; 5] = [
    FailureKind { category: Category::Timeout, heading: "TIMEOUT", short: "TMOUT" },
    FailureKind { category: Category::OutOfMemory, heading: "OOM", short: "OOM" },
    FailureKind { category: Category::InitFailure, heading: "INIT", short: "INIT" },
    FailureKind { category: Category::RuntimeException, heading: "UNHANDLED", short: "UNHDL" },
    FailureKind { category: Category::Downstream, heading: "DOWNSTREAM", short: "DOWNS" },
];
const CALLS: [FailureKind; 3] = [
    FailureKind { category: Category::Throttling, heading: "THROTTLED", short: "429" },
    FailureKind { category: Category::ServiceError, heading: "SERVICE", short: "5XX" },
    FailureKind { category: Category::InvalidRequest, heading: "INVALID", short: "4XX" },
];
/// Heading of a function's own throttles, which only metrics tell.
const OWN_THROTTLES: &str = "OWN THROTTLES";
/// Heading before those of calls to Lambda.
const CALLS_TO: (&str, &str) = ("LAMBDA CALLS:", "|");

/// Places of owners and of the course of failures among the columns that go.
const OWNER_RANK: u8 = 4;
const TREND_RANK: u8 = 5;

/// What a column holds, which decides whether it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Stays.
    Fixed,
    /// A kind of failure, which may be added to OTHER.
    Kind,
    /// Heading of the kinds that are calls to Lambda.
    Calls,
    /// Not about failing: goes first.
    Resource,
    /// Goes next, in the order of these numbers.
    Extra(u8),
}

/// A column that may be shown.
struct Candidate {
    role: Role,
    heading: &'static str,
    short: &'static str,
    cells: Vec<Cell>,
    /// Numbers of the cells, for OTHER.
    numbers: Vec<u64>,
}

impl Candidate {
    fn column(&self, short: bool) -> GridColumn {
        GridColumn::numbers(if short { self.short } else { self.heading }, self.cells.clone())
    }

    fn sum(&self) -> u64 {
        self.numbers.iter().sum()
    }
}

/// Returns at most so many lines: the matrix, and below it what it leaves out.
pub(super) fn lines(summary: &Summary, view: &View, most: usize, style: &Style) -> Vec<String> {
    let all = rows(summary, view);
    let mut shown = all.len().min(most.saturating_sub(2)).min(view.most(usize::MAX)).max(1);
    loop {
        let lines = with_rows(&all, shown, summary, view, style);
        match lines.len().checked_sub(most).filter(|over| *over > 0) {
            Some(over) if shown > 1 => shown = shown.saturating_sub(over).max(1),
            _ => return lines,
        }
    }
}

/// Returns the functions that may have rows, in order, and every column about failing in full, without the names and what
/// only a terminal can draw.
pub(super) fn in_full<'a>(summary: &'a Summary, view: &View) -> (Vec<&'a FunctionSummary>, Vec<GridColumn>) {
    let rows = rows(summary, view);
    let columns = candidates(&rows, summary).into_iter();
    let told = columns.filter(|one| !matches!(one.role, Role::Calls | Role::Extra(TREND_RANK)));
    let columns = told.map(|one| one.column(false)).collect();
    (rows, columns)
}

/// Returns the functions that may have rows, in order: those with failures; all where none failed or another order was
/// asked for.
fn rows<'a>(summary: &'a Summary, view: &View) -> Vec<&'a FunctionSummary> {
    let some_failed = summary.functions.iter().any(has_failure);
    let wanted = |function: &&FunctionSummary| !some_failed || view.sort.is_some() || has_failure(function);
    let mut rows: Vec<&FunctionSummary> = summary.functions.iter().filter(wanted).collect();
    if let Some(key) = view.sort {
        rows.sort_by(|a, b| (key.order)(a, b));
    }
    rows
}

fn with_rows(all: &[&FunctionSummary], shown: usize, summary: &Summary, view: &View, style: &Style) -> Vec<String> {
    let rows = &all[..shown];
    let places = places(rows, summary);
    let full = |function: &&FunctionSummary| match &function.function {
        // The columns tell functions of one name apart.
        Some(name) if !places.is_empty() => one_line(name).into_owned(),
        _ => name(function, summary),
    };
    let names: Vec<String> = rows.iter().map(full).collect();
    let candidates: Vec<Candidate> = places.into_iter().chain(candidates(rows, summary)).collect();
    let longest = names.iter().map(|name| width(name)).max().unwrap_or(0).max(8);
    let room = if view.wide { usize::MAX } else { style.width };
    let fitted = fit(&candidates, longest, room);
    let taken = grid::total(&fitted.columns) + GAP;
    let name_room = longest.min(room.saturating_sub(taken).max(NAME_ROOM.1));
    let cells = distinct(&names, name_room).into_iter().map(Cell::plain).collect();
    let columns: Vec<GridColumn> =
        std::iter::once(GridColumn::text("FUNCTION", cells)).chain(fitted.columns.iter().cloned()).collect();
    let mut out = grid::lines(&columns, style);
    let foot = foot(all, shown, summary, &fitted);
    if !foot.is_empty() {
        let lines = wrap(&foot.join("; "), style.width.saturating_sub(4));
        let mark = |at| if at == 0 { "  + " } else { "    " };
        out.extend(lines.iter().enumerate().map(|(at, line)| style.paint(Ink::Faint, &format!("{}{line}", mark(at)))));
    }
    out
}

/// Returns what the matrix leaves out.
fn foot(all: &[&FunctionSummary], shown: usize, summary: &Summary, fitted: &Fitted) -> Vec<String> {
    let rest = &all[shown..];
    let failing = rest.iter().filter(|function| has_failure(function)).count();
    let fine = summary.functions.len() - shown - failing;
    let mut foot = Vec::new();
    if failing > 0 {
        foot.push(format!("{} more with failures", thousands(failing as u64)));
    }
    let fine = (fine > 0).then(|| {
        let more = if shown > 0 && !has_failure(all[shown - 1]) { " more" } else { "" };
        format!("{}{more} without", thousands(fine as u64))
    });
    match (foot.last_mut(), fine) {
        (Some(text), Some(fine)) => text.push_str(&format!(", {fine}")),
        (None, Some(fine)) => foot.push(format!("{fine} failures")),
        (_, None) => {}
    }
    if fitted.marked {
        foot.push("behind |: calls to Lambda".to_owned());
    }
    if !fitted.other.is_empty() {
        foot.push(format!("OTHER: {}", fitted.other.join(", ")));
    }
    if !fitted.left_out.is_empty() {
        foot.push(format!("--wide: {}", fitted.left_out.join(", ")));
    }
    foot
}

/// Columns that fit.
struct Fitted {
    columns: Vec<GridColumn>,
    left_out: Vec<&'static str>,
    /// Headings of the kinds that are added up.
    other: Vec<&'static str>,
    /// A mark stands for the heading of calls to Lambda.
    marked: bool,
}

/// Makes the columns fit beside the names: headings shorten, then columns on resources go, then others that are not kinds
/// of failure, then the rarest kinds are added up. In the end, whatever fits all the same comes back.
fn fit(all: &[Candidate], longest: usize, room: usize) -> Fitted {
    let mut kept = vec![true; all.len()];
    let fits = |kept: &[bool], short: bool, names: usize| {
        let taken = grid::total(&build(all, kept, short)) + GAP;
        longest.min(names).saturating_add(taken) <= room
    };
    let mut gone: Vec<Vec<usize>> = Vec::new();
    let short = loop {
        let next = next_to_go(all, &kept);
        // Names give way to columns only up to a point; at the end, as far as they can.
        let names = if next.is_empty() { NAME_ROOM.1 } else { NAME_ROOM.0 };
        if let Some(short) = [false, true].into_iter().find(|short| fits(&kept, *short, names)) {
            break short;
        }
        if next.is_empty() {
            break true;
        }
        next.iter().for_each(|at| kept[*at] = false);
        gone.push(next);
    };
    // Kinds of failure first.
    let is_kind = |group: &&Vec<usize>| group.iter().all(|at| all[*at].role == Role::Kind);
    let (kinds, others): (Vec<_>, Vec<_>) = gone.iter().rev().partition(is_kind);
    for group in kinds.into_iter().chain(others) {
        let mut more = kept.clone();
        group.iter().for_each(|at| more[*at] = true);
        if fits(&more, short, NAME_ROOM.0) {
            kept = more;
        }
    }
    let heading = |one: &Candidate| if short { one.short } else { one.heading };
    let lost = |kinds: bool| {
        let lost = all.iter().zip(&kept).filter(|(one, kept)| !**kept && (one.role == Role::Kind) == kinds);
        lost.map(|(one, _)| heading(one)).collect::<Vec<_>>()
    };
    let marked =
        short && all.iter().zip(&kept).any(|(one, kept)| *kept && one.role == Role::Calls) && calls(all, &kept);
    Fitted { columns: build(all, &kept, short), left_out: lost(false), other: lost(true), marked }
}

/// Returns whether a kind of calls to Lambda has a column.
fn calls(all: &[Candidate], kept: &[bool]) -> bool {
    let start = all.iter().position(|one| one.role == Role::Calls).unwrap_or(all.len());
    all.iter().zip(kept).skip(start).any(|(one, kept)| *kept && one.role == Role::Kind)
}

/// Returns what may go next.
fn next_to_go(all: &[Candidate], kept: &[bool]) -> Vec<usize> {
    let with = |role: Role| (0..all.len()).filter(|at| kept[*at] && all[*at].role == role).collect::<Vec<_>>();
    let kinds = with(Role::Kind);
    // The rarest goes first; of equals the last.
    let rarest = |least: usize| match kinds.len() > least {
        true => kinds.iter().rev().min_by_key(|at| all[**at].sum()).map(|at| vec![*at]).unwrap_or_default(),
        false => Vec::new(),
    };
    let groups = [Role::Resource, Role::Extra(1), Role::Extra(2), Role::Extra(3), Role::Extra(OWNER_RANK)].map(with);
    let order = groups.into_iter().chain([rarest(KINDS_KEPT), with(Role::Extra(TREND_RANK)), rarest(0)]);
    order.into_iter().find(|group| !group.is_empty()).unwrap_or_default()
}

/// Returns the columns that are kept, with the sum of the other kinds behind these.
fn build(all: &[Candidate], kept: &[bool], short: bool) -> Vec<GridColumn> {
    let calls = calls(all, kept);
    let shown = |at: &usize| kept[*at] && (all[*at].role != Role::Calls || calls);
    let places: Vec<usize> = (0..all.len()).filter(shown).collect();
    let mut columns: Vec<GridColumn> = places.iter().map(|at| all[*at].column(short)).collect();
    let other: Vec<&Candidate> =
        all.iter().zip(kept).filter(|(one, kept)| !**kept && one.role == Role::Kind).map(|(one, _)| one).collect();
    if let Some(first) = other.first() {
        let sum = |row: usize| other.iter().filter_map(|one| one.numbers.get(row)).sum();
        let cells = (0..first.numbers.len()).map(|row| number(sum(row))).collect();
        let is_last = |at: &usize| matches!(all[*at].role, Role::Kind | Role::Fixed);
        let behind = places.iter().rposition(is_last).map_or(0, |at| at + 1);
        columns.insert(behind, GridColumn::numbers("OTHER", cells));
    }
    columns
}

/// Returns the category of the column with this heading, in any case: `oom`.
#[must_use]
pub(crate) fn category_of_heading(word: &str) -> Option<Category> {
    let mut kinds = OWN.iter().chain(&CALLS);
    let is = |heading: &str| heading.eq_ignore_ascii_case(word) && !heading.starts_with(|c: char| c.is_ascii_digit());
    kinds.find(|kind| is(kind.heading) || is(kind.short)).map(|kind| kind.category)
}

/// Returns the kinds of failure in the order of the columns, each with its heading: first what happens to a function itself,
/// then calls that it makes to Lambda.
pub(super) fn kinds() -> impl Iterator<Item = (Category, &'static str)> {
    OWN.iter().chain(&CALLS).map(|kind| (kind.category, kind.heading))
}

/// Returns whether the function has failed attempts or environments.
pub(super) fn has_failure(function: &FunctionSummary) -> bool {
    let unseen = [function.own_throttles, function.never_ran];
    function.failed > 0 || function.environment_failures > 0 || unseen.into_iter().flatten().any(|number| number > 0)
}

/// Returns the function's name, with account or region if several functions have the same name.
pub(super) fn name(function: &FunctionSummary, summary: &Summary) -> String {
    let twins = summary.functions.iter().filter(|other| other.function == function.function).count();
    name_among(function, twins)
}

/// Returns the names of all functions, in their order.
pub(super) fn names(summary: &Summary) -> Vec<String> {
    let mut twins: HashMap<Option<&str>, usize> = HashMap::new();
    for function in &summary.functions {
        *twins.entry(function.function.as_deref()).or_default() += 1;
    }
    let name = |function: &FunctionSummary| {
        name_among(function, twins.get(&function.function.as_deref()).copied().unwrap_or_default())
    };
    summary.functions.iter().map(name).collect()
}

/// Returns the name of a function of which there are so many with the same name.
fn name_among(function: &FunctionSummary, twins: usize) -> String {
    let Some(name) = function.function.as_deref() else {
        return one_line(&unnamed(function)).into_owned();
    };
    let place = [function.account_id.as_deref(), function.region.as_deref()];
    let place: Vec<&str> = place.into_iter().flatten().collect();
    let name = one_line(name);
    if twins > 1 && !place.is_empty() { format!("{name} ({})", one_line(&place.join(" "))) } else { name.into_owned() }
}

/// Returns a stand-in for a missing name: the log group, or the file that shows the first example.
fn unnamed(function: &FunctionSummary) -> String {
    function.place().map_or_else(|| NO_NAME.to_owned(), |place| format!("{NO_NAME} {place}"))
}

/// Returns the columns of accounts and of regions, each where the functions are of more than one.
fn places(rows: &[&FunctionSummary], summary: &Summary) -> Vec<Candidate> {
    let place = |heading, get: fn(&FunctionSummary) -> &Option<String>| {
        let known: BTreeSet<&String> = summary.functions.iter().filter_map(|function| get(function).as_ref()).collect();
        let cell = |function: &FunctionSummary| {
            Cell::plain(get(function).as_deref().map_or("-".to_owned(), |place| one_line(place).into_owned()))
        };
        (known.len() > 1).then(|| candidate(Role::Fixed, heading, rows, cell))
    };
    let places = [place("ACCOUNT", |function| &function.account_id), place("REGION", |function| &function.region)];
    places.into_iter().flatten().collect()
}

/// Returns the column of owners, if any is known.
fn owners(rows: &[&FunctionSummary]) -> Option<Candidate> {
    let owner = |function: &FunctionSummary| {
        Cell::plain(function.owner.as_deref().map_or("-".to_owned(), |owner| one_line(owner).into_owned()))
    };
    rows.iter().any(|row| row.owner.is_some()).then(|| candidate(Role::Extra(OWNER_RANK), "OWNER", rows, owner))
}

/// Returns the columns that are worth showing, in their order.
fn candidates(rows: &[&FunctionSummary], summary: &Summary) -> Vec<Candidate> {
    type Count = fn(&FunctionSummary) -> u64;
    let numbers = |role, heading, get: Count| counted(role, heading, heading, rows, get);
    let failed = rows.iter().any(|function| has_failure(function));
    let mut out = Vec::new();
    if failed {
        out.push(numbers(Role::Fixed, "FAILED", |function| function.failed));
        out.push(candidate(Role::Fixed, "RATE", rows, rate));
        out.push(numbers(Role::Fixed, "LOST", |function| function.lost));
    } else {
        out.push(numbers(Role::Fixed, "ATTEMPTS", |function| function.attempts));
    }
    let kind = |kind: &FailureKind| {
        let get = |function: &FunctionSummary| function.failures.get(kind.category).unwrap_or(0);
        counted(Role::Kind, kind.heading, kind.short, rows, get)
    };
    out.extend(OWN.iter().map(kind));
    out.push(counted(Role::Kind, "UNKNOWN", "UNKN", rows, |function| function.unknown));
    out.push(numbers(Role::Kind, "INIT ONLY", |function| function.environment_failures));
    // Kinds that do not occur have no column.
    out.retain(|column| column.role == Role::Fixed || column.sum() > 0);
    if rows.iter().any(|row| row.own_throttles.is_some_and(|throttles| throttles > 0)) {
        let mut column = counted(Role::Kind, OWN_THROTTLES, "OWN 429", rows, |row| row.own_throttles.unwrap_or(0));
        // Nothing is known of these: a dot would say that there are none.
        for (cell, _) in column.cells.iter_mut().zip(rows).filter(|(_, row)| row.own_throttles.is_none()) {
            *cell = Cell::plain("n/a");
        }
        out.push(column);
    }
    let calls: Vec<Candidate> = CALLS.iter().map(kind).filter(|column| column.sum() > 0).collect();
    if !calls.is_empty() {
        let blank = |_: &FunctionSummary| Cell::painted("|", Ink::Faint);
        let (heading, short) = CALLS_TO;
        out.push(Candidate { heading, short, ..candidate(Role::Calls, heading, rows, blank) });
        out.extend(calls);
    }
    let mut extra = vec![
        counted(Role::Extra(3), "RECOVERED", "RECOV", rows, |function| function.outcomes.recovered),
        numbers(Role::Extra(2), "RERUN", |function| function.outcomes.rerun_after_success),
    ];
    extra.retain(|column| column.sum() > 0);
    if failed {
        extra.push(numbers(Role::Extra(1), "ATTEMPTS", |function| function.attempts));
    }
    // With too few attempts there is no percentile, and the column would only take room.
    let p95 = candidate(Role::Resource, "P95", rows, |function| {
        Cell::plain(function.duration_ms.all.p95.map_or("-".to_owned(), duration))
    });
    extra.extend(Some(p95).filter(|column| column.cells.iter().any(|cell| cell.text != "-")));
    extra.push(numbers(Role::Resource, "COLD", |function| function.cold_starts));
    extra.push(candidate(Role::Resource, "MEM MB", rows, memory));
    out.extend(extra);
    out.extend(owners(rows));
    out.extend(trend(rows, summary));
    out
}

/// Returns the course of the failures of each function.
fn trend(rows: &[&FunctionSummary], summary: &Summary) -> Option<Candidate> {
    let axis = Axis::over(&summary.window, &summary.totals.timeline, TREND_CELLS)?;
    let course = |function: &FunctionSummary| {
        // Blanks at the end stay, since all courses have the same times.
        let bars = bars(&axis.cells(&function.timeline));
        Cell::painted(bars, Ink::Bad)
    };
    rows.iter().any(|function| function.failed > 0).then(|| candidate(Role::Extra(TREND_RANK), "TREND", rows, course))
}

fn candidate(
    role: Role,
    heading: &'static str,
    rows: &[&FunctionSummary],
    cell: impl Fn(&FunctionSummary) -> Cell,
) -> Candidate {
    let cells = rows.iter().map(|function| cell(function)).collect();
    Candidate { role, heading, short: heading, cells, numbers: Vec::new() }
}

fn counted(
    role: Role,
    heading: &'static str,
    short: &'static str,
    rows: &[&FunctionSummary],
    get: impl Fn(&FunctionSummary) -> u64,
) -> Candidate {
    let numbers: Vec<u64> = rows.iter().map(|function| get(function)).collect();
    let cells = numbers.iter().map(|one| number(*one)).collect();
    Candidate { role, heading, short, cells, numbers }
}

fn rate(function: &FunctionSummary) -> Cell {
    match function.failure_rate {
        Some(rate) if rate > 0.0 => Cell::painted(percent(rate), Ink::Bad),
        Some(_) => Cell::painted(".", Ink::Faint),
        None => Cell::plain("n/a"),
    }
}

fn number(number: u64) -> Cell {
    if number == 0 { Cell::painted(".", Ink::Faint) } else { Cell::plain(cell(number)) }
}

/// Formats memory as `187/256` (used and configured MB).
fn memory(function: &FunctionSummary) -> Cell {
    let (used, size) = (function.memory.max_used_mb, function.memory.size_mb);
    let text = |number: Option<u32>| number.map_or("?".to_owned(), |mb| thousands(u64::from(mb)));
    match (used, size) {
        (None, None) => Cell::plain("-"),
        _ => Cell::plain(format!("{}/{}", text(used), text(size))),
    }
}
