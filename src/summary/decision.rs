//! The verdict on an attempt of which several files hold a piece each: that of the piece that decides.
//!
//! A choice between the pieces themselves would lose what the other one tells: without the START it is not known that the
//! beginning was seen, and so neither that a retry saved the event nor that it ran twice.

use crate::model::{Category, Confidence, PartialWork};

/// How much the verdict on a piece decides about the whole: that it failed, that this is more than a guess, the place of its
/// category in the order in which rules are asked, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Decision(bool, bool, u8, Confidence);

impl Decision {
    pub(super) fn of(category: Category, confidence: Confidence, is_cut: bool) -> Self {
        let rank = match category {
            Category::Timeout => 7,
            Category::OutOfMemory => 6,
            Category::InitFailure => 5,
            // That the process ended says less than the error before that.
            Category::RuntimeException if is_cut => 3,
            Category::Unknown => 2,
            Category::Ok => 1,
            Category::Incomplete => 0,
            _ => 4,
        };
        Self(category.is_failure(), confidence > Confidence::Low, rank, confidence)
    }
}

/// Returns how sure it is that an attempt succeeded, or whatever else is decided: a success is sure with its beginning and its
/// REPORT in view, which no piece has.
pub(super) fn confidence_of_joined(
    category: Category,
    told: Confidence,
    (start_cut, reported): (bool, bool),
) -> Confidence {
    match (category, told) {
        (Category::Ok, Confidence::Medium) if !start_cut && reported => Confidence::High,
        _ => told,
    }
}

/// Returns the amount of work that an attempt may have done, of which some piece shows side effects.
pub(super) fn work_of_joined(category: Category, told: PartialWork, shows_work: bool) -> PartialWork {
    let is_more = shows_work && category.is_failure() && told.rank() < PartialWork::Likely.rank();
    if is_more { PartialWork::Likely } else { told }
}
