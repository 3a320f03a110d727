//! The sample logs of `demo`: invented functions that show every kind of failure.

/// Name and content of each sample.
pub(super) static SAMPLES: &[(&str, &[u8])] = &[];
