//! Origin of a line: account, region, log group and log stream, and the function and version that they name.

use super::RequestId;

/// Origin of log events, as far as it is known: as bytes of the input, as string slices, or owned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Origin<T> {
    /// AWS account of the log group.
    pub account_id: Option<T>,
    pub region: Option<T>,
    /// Function name, if the input gives it apart from the log group.
    pub function: Option<T>,
    pub log_group: Option<T>,
    /// Log stream name, with slashes.
    pub log_stream: Option<T>,
}

impl<T> Origin<T> {
    /// Converts every part.
    pub(crate) fn map<U>(self, mut convert: impl FnMut(T) -> U) -> Origin<U> {
        Origin {
            account_id: self.account_id.map(&mut convert),
            region: self.region.map(&mut convert),
            function: self.function.map(&mut convert),
            log_group: self.log_group.map(&mut convert),
            log_stream: self.log_stream.map(&mut convert),
        }
    }
}

impl<T: Copy> Origin<T> {
    /// Lists the parts, beginning with those in which streams most often differ.
    pub(crate) fn parts(&self) -> [Option<T>; 5] {
        [self.log_stream, self.log_group, self.account_id, self.region, self.function]
    }
}

impl Origin<String> {
    /// Lists the parts that are known, to be changed.
    pub(crate) fn each_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let parts =
            [&mut self.account_id, &mut self.region, &mut self.function, &mut self.log_group, &mut self.log_stream];
        parts.into_iter().flatten()
    }

    /// Borrows every part.
    pub(crate) fn as_deref(&self) -> Origin<&str> {
        Origin {
            account_id: self.account_id.as_deref(),
            region: self.region.as_deref(),
            function: self.function.as_deref(),
            log_group: self.log_group.as_deref(),
            log_stream: self.log_stream.as_deref(),
        }
    }
}

impl<'a> Origin<&'a str> {
    /// Returns the function: as given, else from a default log group, else from a stream of a custom log group.
    pub(crate) fn function_name(&self) -> Option<&'a str> {
        self.function
            .or_else(|| self.log_group.and_then(function_from_group))
            .or_else(|| self.log_stream.and_then(stream_parts).and_then(|parts| parts.function))
    }
}

/// Parts of a log stream name made by Lambda.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamParts<'a> {
    /// Function name, present in streams of a custom log group.
    pub function: Option<&'a str>,
    /// `$LATEST` or a version number.
    pub version: &'a str,
}

/// Returns the function of a default log group: `/aws/lambda/NAME`.
///
/// Groups with a further path segment (`web/…`, `capacity-provider/…`) do not belong to an event function.
#[must_use]
pub(crate) fn function_from_group(group: &str) -> Option<&str> {
    let name = group.strip_prefix("/aws/lambda/")?;
    // Lambda@Edge prefixes the name with its home region, us-east-1.
    let name = name.strip_prefix("us-east-1.").unwrap_or(name);
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// Parts of the ARN of a function: `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FunctionArn<'a> {
    /// Region of the function.
    pub region: &'a str,
    /// Account of the function.
    pub account_id: &'a str,
    /// Name of the function.
    pub name: &'a str,
}

impl<'a> FunctionArn<'a> {
    /// Parses the ARN of a function; `None` for anything else.
    #[must_use]
    pub(crate) fn parse(arn: &'a str) -> Option<Self> {
        let name = function_from_arn(arn)?;
        let mut parts = arn.split(':').skip(3);
        let (region, account_id) = (parts.next()?, parts.next()?);
        Some(Self { region, account_id, name })
    }
}

/// Returns the function of a Lambda ARN: `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`.
#[must_use]
pub(crate) fn function_from_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let (scheme, service, kind) = (parts.next()?, parts.nth(1)?, parts.nth(2)?);
    let name = parts.next()?;
    (scheme == "arn" && service == "lambda" && kind == "function" && !name.is_empty()).then_some(name)
}

/// Parses `YYYY/MM/DD/[VERSION]ENVIRONMENT` or `YYYY/MM/DD/FUNCTION[VERSION]ENVIRONMENT`.
#[must_use]
pub(crate) fn stream_parts(stream: &str) -> Option<StreamParts<'_>> {
    let bytes = stream.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let dated =
        digits(0..4) && digits(5..7) && digits(8..10) && [4, 7, 10].iter().all(|&at| bytes.get(at) == Some(&b'/'));
    if !dated {
        return None;
    }
    let rest = stream.get(11..)?;
    let (function, rest) = rest.split_once('[')?;
    let (version, environment) = rest.split_once(']')?;
    let environment = environment.trim_start_matches('[').trim_end_matches(']');
    let known_version =
        version.starts_with("$LATEST") || version == "HEAD" || version.bytes().all(|b| b.is_ascii_digit());
    let known_environment = environment.len() >= 6
        && (environment.bytes().all(|b| b.is_ascii_hexdigit()) || RequestId::parse(environment.as_bytes()).is_some());
    (known_version && !version.is_empty() && known_environment && !function.contains('/'))
        .then_some(StreamParts { function: (!function.is_empty()).then_some(function), version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_function() {
        assert_eq!(function_from_group("/aws/lambda/orders-api"), Some("orders-api"));
        assert_eq!(function_from_group("/aws/lambda/us-east-1.edge"), Some("edge"));
        assert_eq!(function_from_group("/aws/lambda/web/shop"), None);
        assert_eq!(function_from_group("shared-logs"), None);
        assert_eq!(function_from_arn("arn:aws-cn:lambda:cn-north-1:123456789012:function:pay:7"), Some("pay"));
        assert_eq!(function_from_arn("arn:aws:iam::123456789012:role/x"), None);
    }

    #[test]
    fn takes_stream_names_apart() {
        let parts = |stream| stream_parts(stream).map(|p| (p.function, p.version));
        assert_eq!(parts("2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0"), Some((None, "$LATEST")));
        assert_eq!(parts("2026/10/01/pay[42]0f1e2d3c4b5a69788796a5b4c3d2e1f0"), Some((Some("pay"), "42")));
        assert_eq!(parts("2026/10/01/pay[$LATEST][0f1e2d3c4b5a69788796a5b4c3d2e1f0]"), Some((Some("pay"), "$LATEST")));
        assert_eq!(parts("2026/10/01/0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0"), None);
        assert_eq!(parts("app.log"), None);
    }
}
