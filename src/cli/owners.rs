//! Owners of functions, by globs in the configuration file.

use std::collections::BTreeSet;

use globset::{Glob, GlobMatcher};

use crate::wire::Summary;

/// Owners, each with the names of functions that are theirs. The first that matches counts.
#[derive(Debug, Default)]
pub(super) struct Owners(Vec<(GlobMatcher, String)>);

impl Owners {
    /// Checks the table of the configuration file.
    pub(super) fn of(table: toml::Table) -> Result<Self, String> {
        let entry = |(glob, owner): (String, toml::Value)| match owner {
            toml::Value::String(owner) if !owner.trim().is_empty() => {
                let matcher = Glob::new(&glob).map_err(|error| format!("owners: {error}"))?.compile_matcher();
                Ok((matcher, owner))
            }
            _ => Err(format!("the owner of '{glob}' must be a name in quotes")),
        };
        table.into_iter().map(entry).collect::<Result<_, _>>().map(Self)
    }

    /// Names the owners of functions and causes. Without owners those of a saved summary stay.
    pub(super) fn name(&self, summary: &mut Summary) {
        if self.0.is_empty() {
            return;
        }
        for row in &mut summary.functions {
            row.owner = self.owner(row.function.as_deref());
        }
        for cause in &mut summary.causes {
            let owners: BTreeSet<String> =
                cause.functions.iter().filter_map(|name| self.owner(name.as_deref())).collect();
            cause.owners = owners.into_iter().collect();
        }
    }

    fn owner(&self, function: Option<&str>) -> Option<String> {
        let name = function?;
        self.0.iter().find(|(glob, _)| glob.is_match(name)).map(|(_, owner)| owner.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_matches_counts() {
        let table = "'orders-*' = 'orders'\n'a-*' = 'a'\n'*-api' = 'api'".parse::<toml::Table>().unwrap();
        let owners = Owners::of(table).unwrap();
        let of = |name| owners.owner(Some(name));
        assert_eq!(of("orders-api").as_deref(), Some("orders"));
        assert_eq!(of("users-api").as_deref(), Some("api"));
        assert_eq!((of("nightly"), owners.owner(None)), (None, None));
    }
}
