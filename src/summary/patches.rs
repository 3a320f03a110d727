//! What is known of an attempt only after the last input, and added to its record then: its number, how its event ended,
//! what caught it, what other attempts tell of its function.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Entry;
use super::chains::Outcome;
use super::configured::TimeoutSource;
use super::entry::Fact;
use super::guidance::Advice;
use super::pieces::JoinedPieces;
use super::tables::Tables;
use crate::account::CaughtEvent;
use crate::model::Place;
use crate::wire::{CaughtBy, LambdaInsights};

/// Additions to the record of one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patch {
    /// Number of the attempt within its event.
    pub number: u32,
    /// Outcome of the event; `None` for an environment, which is no attempt.
    pub outcome: Option<Outcome>,
    /// Advice on the event.
    pub advice: Option<&'static Advice>,
}

/// What the function of an attempt is, where only other attempts tell it.
#[derive(Clone, Debug)]
pub(crate) struct FunctionOrigin {
    /// Name of the function.
    pub name: String,
    /// Account and region, where the log of the attempt tells neither.
    pub account_id: Option<String>,
    /// Region of the function.
    pub region: Option<String>,
}

/// Additions to records that are known only after the last input.
#[derive(Debug, Default)]
pub(crate) struct Patches {
    /// Patches by the place of the attempt's first line; without those of events that succeeded at their only attempt.
    pub(super) patches: FxHashMap<Place, Patch>,
    /// Records of attempts that were read twice or lie outside of the bounds.
    pub(super) dropped: FxHashSet<Place>,
    /// The other pieces of attempts that files end within, in the order in which they are joined, by the place of the first one.
    pieces: FxHashMap<Place, Vec<Place>>,
    /// By the piece whose verdict is that of the whole, where that is not the first one, the place of the first one.
    telling: FxHashMap<Place, Place>,
    /// The same by the place of the first one.
    telling_of: FxHashMap<Place, Place>,
    /// Time limits of functions, by function id.
    pub(super) timeouts_ms: FxHashMap<u32, (u64, TimeoutSource)>,
    /// Functions of which not every success was read, by function id.
    pub(super) without_successes: FxHashSet<u32>,
    /// What other attempts tell of the functions of streams that do not, by function id.
    pub(super) functions: FxHashMap<u32, FunctionOrigin>,
    /// What stands for the inputs of functions without a name, by function id.
    pub(super) nameless: FxHashMap<u32, u64>,
    /// What caught the events of attempts, by the place of the attempt's first line.
    pub(super) caught_by: FxHashMap<Place, CaughtBy>,
    /// What Lambda Insights measured, by the place of the attempt's first line.
    pub(super) lambda_insights: FxHashMap<Place, LambdaInsights>,
    /// Attempts, in order, of events in which an earlier attempt shows side effects that a later one may repeat.
    pub repeats: Vec<Vec<Place>>,
}

impl Patches {
    /// Returns the additions to an attempt's record; `None` if the record is to be left out.
    #[must_use]
    pub(crate) fn of(&self, place: Place) -> Option<Patch> {
        const PLAIN: Patch = Patch { number: 1, outcome: Some(Outcome::Succeeded), advice: None };
        (!self.dropped.contains(&place)).then(|| self.patches.get(&place).copied().unwrap_or(PLAIN))
    }

    /// Returns the places of the other pieces of an attempt that files end within, in the order in which they are joined.
    pub(crate) fn pieces(&self, place: Place) -> &[Place] {
        self.pieces.get(&place).map_or(&[], Vec::as_slice)
    }

    /// Returns whether any attempt has pieces.
    pub(crate) fn has_pieces(&self) -> bool {
        !self.pieces.is_empty()
    }

    /// Returns the place by which an attempt is known if of its pieces only the one is held whose verdict is that of the
    /// whole; `None` of the others.
    pub(crate) fn told_by(&self, place: Place) -> Option<Place> {
        match self.telling.get(&place) {
            Some(first) => Some(*first),
            None => (!self.telling_of.contains_key(&place)).then_some(place),
        }
    }

    /// Takes note of two pieces of one attempt.
    pub(super) fn join(&mut self, joined: &JoinedPieces) {
        let JoinedPieces { kept, piece, tells, .. } = *joined;
        self.pieces.entry(kept).or_default().push(piece);
        if tells {
            let telling = self.telling_of.remove(&piece).unwrap_or(piece);
            if let Some(before) = self.telling_of.insert(kept, telling) {
                self.telling.remove(&before);
            }
            self.telling.insert(telling, kept);
        }
        self.dropped.insert(piece);
    }

    /// Returns what caught the event of an attempt.
    #[must_use]
    pub(crate) fn caught_by(&self, place: Place) -> Option<&CaughtBy> {
        self.caught_by.get(&place)
    }

    /// Returns what Lambda Insights measured of an attempt.
    #[must_use]
    pub(crate) fn lambda_insights(&self, place: Place) -> Option<LambdaInsights> {
        self.lambda_insights.get(&place).cloned()
    }

    /// Returns the time limit of a function, and what tells it.
    #[must_use]
    pub(crate) fn timeout_ms(&self, function: u32) -> Option<(u64, TimeoutSource)> {
        self.timeouts_ms.get(&function).copied()
    }

    /// Returns whether not every success of a function was read.
    #[must_use]
    pub(crate) fn lacks_successes(&self, function: u32) -> bool {
        self.without_successes.contains(&function)
    }

    /// Returns what other attempts tell of a function whose stream does not.
    #[must_use]
    pub(crate) fn function(&self, function: u32) -> Option<&FunctionOrigin> {
        self.functions.get(&function)
    }

    /// Returns what stands for the input of a function whose name is unknown.
    #[must_use]
    pub(crate) fn nameless(&self, function: u32) -> Option<u64> {
        self.nameless.get(&function).copied()
    }

    /// Gives functions that are counted under another one what is known of that.
    pub(super) fn share(&mut self, names: &Tables) {
        for (id, under) in (0u32..).zip(&names.canonical).filter(|(id, under)| id != *under) {
            self.timeouts_ms.extend(self.timeouts_ms.get(under).map(|ms| (id, *ms)));
            if self.without_successes.contains(under) {
                self.without_successes.insert(id);
            }
            let (own, told) = (&names.functions[id as usize], &names.functions[*under as usize]);
            let lacks_place = own.account_id.is_none() && own.region.is_none();
            if let Some(name) = &told.name
                && (own.name.is_none() || lacks_place)
            {
                let (account_id, region) = (told.account_id.clone(), told.region.clone());
                let (account_id, region) = if lacks_place { (account_id, region) } else { (None, None) };
                self.functions.insert(id, FunctionOrigin { name: name.clone(), account_id, region });
            }
        }
        let nameless = (0u32..).zip(&names.canonical).filter_map(|(id, under)| Some((id, names.nameless(*under)?)));
        self.nameless.extend(nameless);
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.patches.extend(other.patches);
        self.dropped.extend(other.dropped);
        self.pieces.extend(other.pieces);
        self.telling.extend(other.telling);
        self.telling_of.extend(other.telling_of);
        self.caught_by.extend(other.caught_by);
        self.lambda_insights.extend(other.lambda_insights);
        self.timeouts_ms.extend(other.timeouts_ms);
        self.without_successes.extend(other.without_successes);
        self.repeats.extend(other.repeats);
    }

    pub(super) fn event(
        &mut self,
        attempts: &[Entry],
        outcome: Outcome,
        advice: Option<&'static Advice>,
        caught: Option<&CaughtEvent>,
    ) {
        if let Some(caught) = caught {
            self.caught_by.extend(attempts.iter().map(|attempt| (attempt.place(), caught.caught_by())));
        }
        if outcome == Outcome::Succeeded {
            return;
        }
        for (number, entry) in (1u32..).zip(attempts) {
            self.patches.insert(entry.place(), Patch { number, outcome: Some(outcome), advice });
        }
        if let [earlier @ .., _] = attempts
            && earlier.iter().any(|attempt| attempt.has(Fact::SideEffects))
        {
            self.repeats.push(attempts.iter().map(Entry::place).collect());
        }
    }
}
