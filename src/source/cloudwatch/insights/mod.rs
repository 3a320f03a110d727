//! The engine `insights` of a pull: Logs Insights finds where the log is, GetLogEvents fetches.
//!
//! Of a large log hardly anything is about failures, and FilterLogEvents moves all of it. Here four queries run over each
//! batch of up to fifty log groups (`queries`, one table):
//!
//! 1. *course*: how many attempts began in each bucket of time;
//! 2. *durations*: how many attempts ended after how long, in cells that are 4 % apart, so that parts of a time add up,
//!    with cold starts and those near their memory;
//! 3. *failures*: the stretches of streams with words of failures, a status that is none of success, or a REPORT without a
//!    duration that can be read. What they hold is a candidate, and judged only when it was fetched;
//! 4. *repeated*: request ids that have not just one START and, behind it in the same stream, one REPORT: retries, reruns,
//!    attempts that the window cuts or that never ended. So one scan finds the other attempts of every failed event, and reruns after a success.
//!
//! The lines of these attempts are fetched by stream (`fetcher`), neighbours in one request, as whole attempts
//! (`stretch`), and go through the spool like those of any pull. What is left is known by subtraction: attempts with one
//! START and one REPORT and no word of a failure, so successes, each the only attempt of its event. Their numbers
//! (`tally`) stand in the trailer, and the totals add them to what was read (`summary::counted`). What only attempts tell
//! that were read (handled errors, versions, whether a failure goes on) is null, and the coverage says so.
//!
//! **Nothing partial looks whole.** A query counts only if its status is `Complete`, as many rows came as it says (fewer
//! than its limit where it says nothing) and it scanned all of its log groups. Else its time is divided, at *mid* and
//! *mid + 1* seconds, down to one second, and what then is missing is unread. *Repeated* cannot be divided by time: the
//! two attempts may lie on both sides. STARTs and REPORTs that were counted and not fetched must be equal in number. If
//! anything of this fails for a log group, its successes are unknown: the rate is null and the answer incomplete, as
//! what was missed could be failures.
//!
//! A log group in which no attempt begins or ends is asked once more how many lines it has: a transformer shows queries other
//! lines than the log has, so if there are any, nothing is known of it. A query for a time that ends before a log group was
//! created, or beyond what it keeps, would be refused for all, so such a log group is left out of it (`asking`).
//!
//! **Bounds.** Queries name their time in milliseconds themselves, and ask one second more than they need, so it does not
//! matter whether the last second of a query counts as a whole. Seven queries run at once, two are begun in a second, and
//! a full account is waited for. What they scan is estimated before, added up while they run, and never more than
//! `--max-scan`. A signal stops the queries at AWS.
//!
//! Log groups that several functions share are read by FilterLogEvents: the queries count by log group.
//!
//! **The class INFREQUENT_ACCESS.** No request but a query answers lines of such log groups. Theirs come from a fifth query,
//! *lines*, over stretches of streams (`lines`), as whole as the others' answers; it is scanned for again. Rows come by
//! time, and in no order within a millisecond, so lines that share one are put in order by what they say (`ties`). A query
//! asks for log groups of one class, since whether it may for two is not known.

mod asking;
mod choice;
mod client;
mod fetcher;
mod finder;
mod found;
mod lines;
mod queries;
mod stretch;
mod tally;
mod ties;

pub(super) use choice::{EngineChoice, choose, scanned};
pub(super) use client::{Budget, Queries};
pub(super) use finder::{first_slice, pull};
