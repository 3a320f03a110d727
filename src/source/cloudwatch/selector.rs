//! What the user may write to choose log groups: names, globs and ARNs.

use globset::{Glob, GlobMatcher};

use super::failure::Failure;

/// Names of which one is enough.
#[derive(Clone, Debug)]
pub(super) enum Choice {
    /// This one.
    Exact(String),
    /// All that match.
    Matching {
        /// Every match begins with this.
        prefix: String,
        glob: GlobMatcher,
    },
}

impl Choice {
    /// Reads a name or a glob.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let Some(special) = text.find(['*', '?', '[', '{', '\\']) else {
            return Ok(Self::Exact(text.to_owned()));
        };
        let glob = Glob::new(text).map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(Self::Matching { prefix: text[..special].to_owned(), glob: glob.compile_matcher() })
    }

    /// Whatever begins with `prefix`.
    pub(super) fn beginning(prefix: &str) -> Result<Self, Failure> {
        let literal: String =
            prefix.chars().flat_map(|c| if "*?[]{}\\".contains(c) { vec!['\\', c] } else { vec![c] }).collect();
        let glob = Glob::new(&format!("{literal}*")).map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(Self::Matching { prefix: prefix.to_owned(), glob: glob.compile_matcher() })
    }

    /// What every name that it chooses begins with.
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

/// A log group by its ARN: `arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME[:*]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupArn {
    pub(super) region: String,
    pub(super) account: String,
    pub(super) name: String,
    /// As the API takes it: without the `:*` of policies.
    pub(super) arn: String,
}

impl GroupArn {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let arn = text.strip_suffix(":*").unwrap_or(text);
        let parts: Vec<&str> = arn.split(':').collect();
        let [scheme, _partition, "logs", region, account, "log-group", name] = parts[..] else { return None };
        let whole = scheme == "arn" && ![region, account, name].contains(&"");
        whole.then(|| Self {
            region: region.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
            arn: arn.to_owned(),
        })
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
}
