//! Re-exports the tests for traces of Lambda and of its platform that shapes are recognised by.

pub(super) use crate::lambda::has_trace;
pub(super) use crate::lambda::platform::is_platform;
