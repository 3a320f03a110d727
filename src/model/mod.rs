//! The plain data that all stages exchange: log events, statements, attempts, verdicts.
//!
//! Lowest layer: it does no I/O, and depends on no file format, serialisation or other layer of the crate. Where a type
//! has a public field, every value of the field is valid.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod attempt;
mod batch;
mod effect;
mod event;
mod insights;
mod json_text;
mod lines;
mod logged_function;
mod moment;
mod nearest;
mod origin;
mod record;
mod request_id;
mod text;
mod time;
mod verdict;
mod zone;

pub use attempt::Attempt;
pub use verdict::Category;

pub(crate) use attempt::{Init, Line, Phase, Sign, SignKind, Subject, WindowCut};
pub(crate) use batch::{Batch, Block, Span, Stretch};
pub(crate) use effect::{EffectState, SideEffect, WorkShown};
pub(crate) use event::{Bucket, EventSink, LogEvent, Mentions, Note, Place, Sighting, StreamId};
pub(crate) use insights::InsightsReading;
pub(crate) use json_text::unescape_json;
pub(crate) use lines::{Keep, KeepLines, KeptLine, Lines};
pub(crate) use logged_function::LoggedFunction;
pub(crate) use moment::Moment;
pub(crate) use nearest::{nearest, suggestion};
#[cfg(feature = "cloudwatch")]
pub(crate) use origin::function_from_group;
pub(crate) use origin::{FunctionArn, Origin, stream_parts};
pub(crate) use record::{
    AppError, AppLine, CrashLine, ErrorForm, InitPhase, InitReport, InitStart, InitType, JsonShape, Level, Metrics,
    Report, Statement, Status,
};
pub(crate) use request_id::RequestId;
pub(crate) use text::{count, cut_before_word, cut_text, lossy_text, thousands};
pub(crate) use time::{TimeReader, Timestamp};
pub(crate) use verdict::{Compensation, Confidence, Contributing, Downstream, PartialWork, Retryable, Verdict};
pub(crate) use zone::{LocalTime, Occurrence, Zone};
