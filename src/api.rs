//! What programs use: the analysis of logs in files or in memory, as one call with a typed error.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::model::{Moment, Timestamp};
use crate::pipeline::{self, AnalyzeError, Options, Records, Silent};
use crate::wire::{Redaction, Summary};

/// Options of an analysis. The default reads everything with one thread, masks secrets and keeps no records.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AnalyzeOptions {
    /// Name of the function, for input that does not say it.
    pub function: Option<String>,
    /// Globs of function names to keep; empty keeps all.
    pub only: Vec<String>,
    /// First moment in which kept attempts start, in milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// Last moment in which kept attempts start, in milliseconds since 1970.
    pub to_ms: Option<i64>,
    /// Worker threads.
    pub threads: usize,
    /// Secrets are masked in whatever text of the log is shown.
    pub mask_secrets: bool,
    /// Records are kept, for [`Analysis::write_records`].
    pub records: bool,
}

impl Default for AnalyzeOptions {
    fn default() -> Self {
        Self {
            function: None,
            only: Vec::new(),
            from_ms: None,
            to_ms: None,
            threads: 1,
            mask_secrets: true,
            records: false,
        }
    }
}

/// The answer to an analysis.
#[derive(Debug)]
pub struct Analysis {
    /// Totals, functions and findings; what could not be read stands in its coverage.
    pub summary: Summary,
    records: Option<Records>,
}

impl Analysis {
    /// Writes the records, one [`Record`](crate::wire::Record) a line as JSON, in the order of inputs and lines. Writes
    /// nothing unless [`AnalyzeOptions::records`] asked for them.
    ///
    /// # Errors
    /// When the temporary file that holds them cannot be read, or `out` cannot be written.
    pub fn write_records(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.as_mut().map_or(Ok(()), |records| records.write_to(out))
    }
}

/// Analyses files and directories; `-` stands for standard input. What cannot be read is named in the coverage of the
/// summary.
///
/// # Errors
/// When a glob is not valid, or a temporary file fails that a large analysis needs.
pub fn analyze_paths<P: AsRef<Path>>(
    paths: impl IntoIterator<Item = P>,
    options: &AnalyzeOptions,
) -> Result<Analysis, AnalyzeError> {
    let paths: Vec<PathBuf> = paths.into_iter().map(|path| path.as_ref().to_owned()).collect();
    pipeline::analyze(&Options { paths, ..options_of(options) }, &Silent).map(from_run)
}

/// Analyses logs in memory, each a name and its bytes.
///
/// ```
/// use lambda_triage::{AnalyzeOptions, analyze_bytes};
///
/// let log = b"START RequestId: 8f507cfc-1a2b-4697-b07a-ac58fc914c95 Version: $LATEST\n\
///     2026-01-02T03:04:05.678Z 8f507cfc-1a2b-4697-b07a-ac58fc914c95 Task timed out after 3.00 seconds\n\n\
///     END RequestId: 8f507cfc-1a2b-4697-b07a-ac58fc914c95\n\
///     REPORT RequestId: 8f507cfc-1a2b-4697-b07a-ac58fc914c95\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\tStatus: timeout\n";
/// let mut options = AnalyzeOptions::default();
/// options.function = Some("checkout".to_owned());
/// let analysis = analyze_bytes(&[("checkout.log", log)], &options)?;
/// assert_eq!(analysis.summary.totals.failures.timeout, 1);
/// # Ok::<(), lambda_triage::AnalyzeError>(())
/// ```
///
/// # Errors
/// As [`analyze_paths`].
pub fn analyze_bytes(logs: &[(&str, &[u8])], options: &AnalyzeOptions) -> Result<Analysis, AnalyzeError> {
    pipeline::analyze_samples(logs, &options_of(options)).map(from_run)
}

fn options_of(options: &AnalyzeOptions) -> Options {
    let AnalyzeOptions { function, only, from_ms, to_ms, threads, mask_secrets, records } = options;
    Options {
        function: function.clone(),
        only: only.clone(),
        from: from_ms.and_then(Timestamp::from_ms).map(Moment::At),
        to: to_ms.and_then(Timestamp::from_ms).map(Moment::At),
        threads: *threads,
        redaction: if *mask_secrets { Redaction::on() } else { Redaction::off() },
        keep_records: *records,
        ..Options::default()
    }
}

fn from_run(answer: pipeline::RunAnalysis) -> Analysis {
    let pipeline::RunAnalysis { summary, records, .. } = answer;
    Analysis { summary, records }
}
