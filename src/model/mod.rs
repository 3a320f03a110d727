//! The plain data that every stage passes on: log events, what they say, attempts, verdicts.
//!
//! Lowest layer: it does no I/O, knows no file format, no serialisation and no other layer of ours.
//! Where a type has a public field, every value of the field is valid.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod attempt;
mod batch;
mod effect;
mod event;
mod identity;
mod json_text;
mod lines;
mod record;
mod request_id;
mod text;
mod time;
mod verdict;

pub use attempt::{Attempt, Init, Line, Phase, Sign, SignKind, Subject, WindowCut};
pub use batch::{Batch, Block, Span, Stretch};
pub use effect::{EffectState, SideEffect};
pub use event::{Bucket, EventSink, LogEvent, Note, Place, Sighting, StreamId};
pub use identity::{FunctionArn, StreamKey, StreamParts, function_from_arn, function_from_group, stream_parts};
pub use json_text::unescape_json;
pub use lines::{Keep, KeepLines, KeptLine, Lines};
pub use record::{
    AppError, AppLine, CrashLine, ErrorForm, InitPhase, InitReport, InitStart, InitType, Level, Metrics, Report,
    Statement, Status,
};
pub use request_id::RequestId;
pub use text::lossy_text;
pub use time::{TimeReader, Timestamp};
pub use verdict::{Category, Compensation, Confidence, Downstream, PartialWork, Retryable, Verdict};
