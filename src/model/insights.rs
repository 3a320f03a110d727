//! What Lambda Insights measured of one attempt.

use super::{RequestId, Timestamp};

/// One event of Lambda Insights, which its extension writes for each attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsightsReading {
    /// The request that it is about.
    pub request_id: RequestId,
    /// When it was measured.
    pub at: Option<Timestamp>,
    /// Name of the function.
    pub function: Option<Box<str>>,
    /// Run time of the attempt.
    pub duration_ms: Option<u64>,
    /// CPU time of all threads.
    pub cpu_ms: Option<u64>,
    /// Largest memory use of the environment.
    pub memory_used_mb: Option<u64>,
    /// Configured memory.
    pub memory_size_mb: Option<u64>,
    /// Part of /tmp that is used.
    pub tmp_used_bytes: Option<u64>,
    /// Size of /tmp.
    pub tmp_size_bytes: Option<u64>,
    /// Most file descriptors in use.
    pub open_files: Option<u64>,
    /// Most file descriptors there can be.
    pub open_files_limit: Option<u64>,
}
