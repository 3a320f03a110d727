//! Globs, and the selection of functions by them: by their names, or by what the table shows where the log has none.

use globset::{Glob, GlobMatcher, GlobSet, GlobSetBuilder};

use super::AnalyzeError;
use crate::wire::NO_NAME;

/// Which functions are wanted.
#[derive(Debug)]
pub(crate) struct NameFilter {
    all: bool,
    names: GlobSet,
    places: Vec<PlacePattern>,
}

/// What stands for a missing name, as it was typed.
#[derive(Debug)]
struct PlacePattern {
    /// Text behind `(no name)`; empty for every function without a name.
    text: String,
    /// The same as a glob, in which `…` stands for what the table has cut; `None` where it is none.
    glob: Option<GlobMatcher>,
}

impl NameFilter {
    /// Makes a filter out of globs; without any, all functions pass.
    pub(crate) fn new(globs: &[String]) -> Result<Self, AnalyzeError> {
        let place = |typed: &String| typed.strip_prefix(NO_NAME).map(|rest| PlacePattern::new(rest.trim()));
        let names: Vec<String> = globs.iter().filter(|typed| place(typed).is_none()).cloned().collect();
        Ok(Self { all: globs.is_empty(), names: glob_set(&names)?, places: globs.iter().filter_map(place).collect() })
    }

    /// Returns whether a function is wanted by its name; one without a name may be by its place.
    pub(crate) fn wants(&self, name: Option<&str>) -> bool {
        self.all || name.is_some_and(|name| self.names.is_match(name))
    }

    /// Returns whether functions without a name are selected by their places.
    pub(crate) fn has_places(&self) -> bool {
        !self.places.is_empty()
    }

    /// Returns whether a function without a name is wanted by what stands for it: a log group or an input, if it has any.
    pub(crate) fn wants_place(&self, place: Option<&str>) -> bool {
        self.places.iter().any(|pattern| pattern.matches(place))
    }
}

impl PlacePattern {
    fn new(text: &str) -> Self {
        let glob = Glob::new(&text.replace('…', "*")).ok().map(|glob| glob.compile_matcher());
        Self { text: text.to_owned(), glob }
    }

    fn matches(&self, place: Option<&str>) -> bool {
        let same = |place: &str| self.text == place || self.glob.as_ref().is_some_and(|glob| glob.is_match(place));
        self.text.is_empty() || place.is_some_and(same)
    }
}

/// Compiles globs.
pub(super) fn glob_set(globs: &[String]) -> Result<GlobSet, AnalyzeError> {
    let invalid = |glob: &str, source| AnalyzeError::InvalidGlob { glob: glob.to_owned(), source };
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        // A directory may be named with the slash that shells add.
        let plain = if glob.len() > 1 { glob.trim_end_matches('/') } else { glob };
        set.add(Glob::new(plain).map_err(|error| invalid(glob, error))?);
    }
    set.build().map_err(|error| invalid(&globs.join(", "), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_selected_by_name_or_by_what_stands_for_it() {
        for (typed, name, place, want) in [
            (&[][..], Some("a"), None, true),
            (&[], None, None, true),
            (&["orders-*"], Some("orders-api"), None, true),
            (&["orders-*"], None, Some("orders-api"), false),
            (&["*"], None, Some("a.log"), false),
            (&["(no name)"], None, None, true),
            (&["(no name)"], None, Some("a.log"), true),
            (&["(no name)"], Some("(no name)"), None, false),
            (&["(no name) logs/a.log"], None, Some("logs/a.log"), true),
            (&["(no name) logs/a.log"], None, Some("logs/b.log"), false),
            (&["(no name) logs/a.log"], None, None, false),
            (&["(no name) */a.log"], None, Some("logs/a.log"), true),
            (&["(no name) lo…a.log"], None, Some("logs/of/a.log"), true),
            // A path is taken as it is, too.
            (&["(no name) logs/a[1].log"], None, Some("logs/a[1].log"), true),
            (&["(no name) logs/a[1.log"], None, Some("logs/a[1.log"), true),
            (&["b", "(no name) a"], Some("b"), None, true),
            (&["b", "(no name) a"], None, Some("a"), true),
        ] {
            let globs: Vec<String> = typed.iter().map(|&one| one.to_owned()).collect();
            let filter = NameFilter::new(&globs).unwrap();
            let found = filter.wants(name) || name.is_none() && filter.wants_place(place);
            assert_eq!(found, want, "{typed:?} {name:?} {place:?}");
        }
        assert!(NameFilter::new(&["a[".to_owned()]).is_err());
    }
}
