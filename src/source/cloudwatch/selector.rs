//! Parsing of what selects functions and log groups: names, globs and ARNs.

use std::collections::BTreeSet;

use globset::{Glob, GlobMatcher};

use super::failure::PullError;
use crate::model;
use crate::source::saved::Names;
use crate::wire::InputProblem;

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

    /// Returns the name or glob.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Exact(name) => name,
            Self::Matching { glob, .. } => glob.glob().glob(),
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
#[derive(Clone, Debug)]
pub(super) struct GroupArn {
    pub(super) owner: Owner,
    pub(super) region: String,
    pub(super) name: GroupChoice,
}

/// Name of a log group in an ARN.
#[derive(Clone, Debug)]
pub(super) enum GroupChoice {
    Exact(String),
    Glob(Choice),
}

impl GroupChoice {
    pub(super) fn holds(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Glob(glob) => glob.holds(name),
        }
    }
}

impl GroupArn {
    pub(super) fn parse(text: &str) -> Option<Self> {
        // Policies add `:*` for the streams of the group.
        let arn = text.strip_suffix(":*").unwrap_or(text);
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", _, "logs", region, _, "log-group", name] = parts[..] else { return None };
        if region.is_empty() || name.is_empty() {
            return None;
        }
        let name = match Choice::parse(name).ok()? {
            Choice::Exact(name) => GroupChoice::Exact(name),
            glob => GroupChoice::Glob(glob),
        };
        Some(Self { owner: Owner::of_arn(arn)?, region: region.to_owned(), name })
    }
}

/// Returns the ARN of a log group.
pub(super) fn group_arn(owner: &Owner, region: &str, group: &str) -> String {
    let Owner { partition, account } = owner;
    format!("arn:{partition}:logs:{region}:{account}:log-group:{group}")
}

/// The user's names, parsed.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) functions: Vec<Choice>,
    pub(super) groups: Vec<Choice>,
    pub(super) function_arns: Vec<FunctionByArn>,
    pub(super) group_arns: Vec<GroupArn>,
    /// Whether log groups of linked accounts are wanted, too.
    pub(super) linked: bool,
    /// Names that cannot be read, whatever AWS answers.
    pub(super) refused: Vec<InputProblem>,
}

impl Wanted {
    pub(super) fn of(names: &Names) -> Result<Self, PullError> {
        let mut wanted = Self { linked: names.linked, ..Self::default() };
        for name in &names.functions {
            wanted.function(name)?;
        }
        if names.all {
            wanted.functions.push(Choice::beginning("")?);
        }
        for prefix in &names.prefixes {
            wanted.functions.push(Choice::beginning(prefix)?);
        }
        for group in &names.log_groups {
            match GroupArn::parse(group) {
                Some(arn) => wanted.group_arns.push(arn),
                None if group.starts_with("arn:") => {
                    return Err(PullError::Usage(format!("'{group}' is not the ARN of a log group")));
                }
                None => wanted.groups.push(Choice::parse(group)?),
            }
        }
        Ok(wanted)
    }

    fn function(&mut self, name: &str) -> Result<(), PullError> {
        match FunctionByArn::parse(name) {
            Some(FunctionByArn { qualifier: Some(qualifier), .. }) => self.refuse(name, one_version(&qualifier)),
            Some(arn) => self.function_arns.push(arn),
            None if name.starts_with("arn:") => {
                return Err(PullError::Usage(format!("'{name}' is not the ARN of a function")));
            }
            None if name.contains('/') => {
                let message = format!("'{name}' is not a function; write --log-group '{name}' for a log group");
                return Err(PullError::Usage(message));
            }
            None => match name.split_once(':') {
                Some((begin, rest)) if begin == "function" || rest.starts_with("function:") => {
                    self.refuse(name, PART_OF_AN_ARN.to_owned());
                }
                Some((_, qualifier)) => self.refuse(name, one_version(qualifier)),
                None => self.functions.push(Choice::parse(name)?),
            },
        }
        Ok(())
    }

    fn refuse(&mut self, name: &str, reason: String) {
        self.refused.push(InputProblem { input: name.to_owned(), reason });
    }

    /// Returns the names of functions to look up in a region: those by ARN, and plain ones if they are looked up there.
    pub(super) fn names_of_functions(&self, region: &str, for_names: bool) -> BTreeSet<String> {
        let by_arn = self.function_arns.iter().filter(|arn| arn.region == region).map(|arn| arn.name.clone());
        let named = self.functions.iter().filter(|choice| for_names && choice.is_exact());
        by_arn.chain(named.map(|choice| choice.prefix().to_owned())).collect()
    }

    /// Returns whether functions are chosen by globs.
    pub(super) fn has_globs(&self) -> bool {
        self.functions.iter().any(|choice| !choice.is_exact())
    }

    /// Returns whether a glob chooses a function.
    pub(super) fn chooses(&self, function: &str) -> bool {
        self.functions.iter().any(|choice| !choice.is_exact() && choice.holds(function))
    }
}

/// Returns why a function with a qualifier is not read.
fn one_version(qualifier: &str) -> String {
    format!("one version or alias cannot be pulled by itself; leave out ':{qualifier}' to pull all versions")
}

/// Reason for not reading `ACCOUNT:function:NAME`.
const PART_OF_AN_ARN: &str = "this is a part of an ARN; write the whole ARN, or only the function's name";

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
    fn tells_functions_from_groups() {
        let wanted = |name: &str| Wanted::of(&Names { functions: vec![name.to_owned()], ..Names::default() });
        assert!(wanted("pay").is_ok());
        assert!(matches!(wanted("/aws/lambda/pay"), Err(PullError::Usage(_))));
        let by_arn = wanted("arn:aws:lambda:eu-west-1:123456789012:function:pay").unwrap();
        assert_eq!(by_arn.function_arns.len(), 1);
    }

    #[test]
    fn reads_arns_of_every_partition() {
        let arn = GroupArn::parse("arn:aws-cn:logs:cn-north-1:123456789012:log-group:/aws/lambda/pay:*").unwrap();
        assert!(arn.region == "cn-north-1" && arn.name.holds("/aws/lambda/pay"));
        let glob = GroupArn::parse("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/*").unwrap();
        assert!(glob.name.holds("/aws/lambda/pay") && matches!(glob.name, GroupChoice::Glob(_)));
        assert!(GroupArn::parse("arn:aws:lambda:eu-west-1:123456789012:function:pay").is_none());
        assert!(GroupArn::parse("/aws/lambda/pay").is_none());
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
            assert!(GroupArn::parse(arn).is_none(), "{arn}");
        }
    }
}
