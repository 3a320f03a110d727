//! Parsing of what selects log groups: names, globs and ARNs.

use globset::{Glob, GlobMatcher};

use super::failure::PullError;
use crate::model;

/// A selector by name.
#[derive(Clone, Debug)]
pub(super) enum Choice {
    /// Exactly this name.
    Exact(String),
    /// All names that match.
    Matching {
        /// Literal prefix of every match.
        prefix: String,
        glob: GlobMatcher,
    },
}

impl Choice {
    /// Parses a name or a glob.
    pub(super) fn parse(text: &str) -> Result<Self, PullError> {
        let Some(special) = text.find(['*', '?', '[', '{', '\\']) else {
            return Ok(Self::Exact(text.to_owned()));
        };
        let glob = Glob::new(text).map_err(|error| PullError::Usage(error.to_string()))?;
        Ok(Self::Matching { prefix: text[..special].to_owned(), glob: glob.compile_matcher() })
    }

    /// Returns a selector for every name that begins with `prefix`.
    pub(super) fn beginning(prefix: &str) -> Result<Self, PullError> {
        let literal: String =
            prefix.chars().flat_map(|c| if "*?[]{}\\".contains(c) { vec!['\\', c] } else { vec![c] }).collect();
        let glob = Glob::new(&format!("{literal}*")).map_err(|error| PullError::Usage(error.to_string()))?;
        Ok(Self::Matching { prefix: prefix.to_owned(), glob: glob.compile_matcher() })
    }

    /// Returns the literal prefix of every selected name.
    pub(super) fn prefix(&self) -> &str {
        match self {
            Self::Exact(name) => name,
            Self::Matching { prefix, .. } => prefix,
        }
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Matching { glob, .. } => glob.is_match(name),
        }
    }

    pub(super) fn is_exact(&self) -> bool {
        matches!(self, Self::Exact(_))
    }
}

/// Owner of a resource. Two partitions may use the same account id for different accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) partition: String,
    pub(super) account: String,
}

impl Owner {
    /// Parses the owner from `arn:PARTITION:SERVICE:REGION:ACCOUNT:...`.
    pub(super) fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.split(':');
        let (scheme, partition, account) = (parts.next()?, parts.next()?, parts.nth(2)?);
        let whole = scheme == "arn" && !partition.is_empty() && !account.is_empty();
        whole.then(|| Self { partition: partition.to_owned(), account: account.to_owned() })
    }
}

/// A function given by ARN: `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FunctionByArn {
    pub(super) owner: Owner,
    pub(super) region: String,
    pub(super) name: String,
    /// A version or an alias.
    pub(super) qualifier: Option<String>,
    /// The ARN as typed.
    pub(super) arn: String,
}

impl FunctionByArn {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let arn = model::FunctionArn::parse(text)?;
        let mut rest = text.split(':').skip(7);
        let (qualifier, more) = (rest.next(), rest.next());
        if arn.region.is_empty() || qualifier == Some("") || more.is_some() {
            return None;
        }
        Some(Self {
            owner: Owner::of_arn(text)?,
            region: arn.region.to_owned(),
            name: arn.name.to_owned(),
            qualifier: qualifier.map(str::to_owned),
            arn: text.to_owned(),
        })
    }
}

/// A log group given by ARN: `arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME[:*]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupArn {
    pub(super) owner: Owner,
    pub(super) region: String,
    pub(super) name: String,
    /// The ARN as the API takes it, without the `:*` that policies use.
    pub(super) arn: String,
}

impl GroupArn {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let arn = text.strip_suffix(":*").unwrap_or(text);
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", _, "logs", region, _, "log-group", name] = parts[..] else { return None };
        if region.is_empty() || name.is_empty() {
            return None;
        }
        let (region, name) = (region.to_owned(), name.to_owned());
        Some(Self { owner: Owner::of_arn(arn)?, region, name, arn: arn.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_globs() {
        let choice = Choice::parse("orders-*").unwrap();
        assert_eq!(choice.prefix(), "orders-");
        assert!(choice.holds("orders-api") && !choice.holds("my-orders-api"));
        assert!(Choice::parse("orders-api").unwrap().is_exact());
        assert!(Choice::parse("[").is_err());
        assert!(Choice::beginning("a[b").unwrap().holds("a[bc"));
    }

    #[test]
    fn reads_arns_of_every_partition() {
        let arn = GroupArn::parse("arn:aws-cn:logs:cn-north-1:123456789012:log-group:/aws/lambda/pay:*").unwrap();
        assert_eq!((arn.region.as_str(), arn.name.as_str()), ("cn-north-1", "/aws/lambda/pay"));
        assert!(!arn.arn.ends_with('*'));
        assert_eq!(GroupArn::parse("arn:aws:lambda:eu-west-1:123456789012:function:pay"), None);
        assert_eq!(GroupArn::parse("/aws/lambda/pay"), None);
    }

    #[test]
    fn an_arn_that_names_no_account_or_region_is_none() {
        let read = |arn: &str| FunctionByArn::parse(arn).map(|arn| (arn.owner.account, arn.region, arn.qualifier));
        let part = |text: &str| text.to_owned();
        for (arn, want) in [
            ("arn:aws:lambda:r:1:function:pay", Some((part("1"), part("r"), None))),
            ("arn:aws-us-gov:lambda:r:1:function:pay:42", Some((part("1"), part("r"), Some(part("42"))))),
            ("arn:aws:lambda:r:1:function:pay:", None),
            ("arn:aws:lambda:r:1:function:pay:42:", None),
            ("arn:aws:lambda:r:1:function:", None),
            ("arn:aws:lambda:r::function:pay", None),
            ("arn:aws:lambda::1:function:pay", None),
            ("arn::lambda:r:1:function:pay", None),
            ("arn:aws:lambda:r:1:layer:pay", None),
            ("arn:aws:logs:r:1:function:pay", None),
            ("pay", None),
        ] {
            assert_eq!(read(arn), want, "{arn}");
        }
        for arn in ["arn::logs:r:1:log-group:g", "arn:aws:logs::1:log-group:g", "arn:aws:logs:r::log-group:g"] {
            assert_eq!(GroupArn::parse(arn), None, "{arn}");
        }
    }
}
