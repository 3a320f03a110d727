//! Traces of Lambda and of its platform, for the shapes.

pub(super) use crate::lambda::has_trace;
pub(super) use crate::lambda::platform::is_platform;
