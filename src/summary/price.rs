//! The cost of failures: billed time of failed attempts and of reruns after a success, by a price list that is data.
//!
//! Sums are integers until they are printed, so their order does not matter.

use super::entry::Fact;
use std::collections::{BTreeMap, BTreeSet};

use super::Entry;
use crate::model::Category;
use crate::wire::{Waste, WasteShare};

/// Price in units of 10⁻¹⁰ US dollars.
type Units = u64;

/// Entry of the price list.
struct Listed {
    region: &'static str,
    architecture: &'static str,
    gb_second: Units,
    request: Units,
}

/// Prices of on-demand duration in the first tier, and of requests. <https://aws.amazon.com/lambda/pricing/>, autumn
/// 2026.
const LIST: [Listed; 2] = [
    Listed { region: "us-east-1", architecture: "x86_64", gb_second: 166_667, request: 2_000 },
    Listed { region: "us-east-1", architecture: "arm64", gb_second: 133_334, request: 2_000 },
];
const CAVEAT: &str = "before free tier, tiers and savings plans";
/// Megabyte-milliseconds in a GB-second.
const MB_MS: u128 = 1_024_000;

/// Source of prices: the list, or a given price.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prices {
    /// A given price of a GB-second, in units of 10⁻¹⁰ US dollars.
    pub gb_second: Option<u64>,
}

/// Price of one function's run time.
#[derive(Clone, Debug)]
pub(super) struct Price {
    gb_second: Units,
    request: Units,
    pub(super) list: String,
}

impl Prices {
    /// Parses a price in US dollars with up to ten decimals.
    ///
    /// # Errors
    /// When the text is no such number.
    pub fn parse_usd(text: &str) -> Result<u64, String> {
        let wrong = || "it needs a price in US dollars, such as 0.0000133334".to_owned();
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 10 || !digits(whole) || !digits(part) || whole.len() > 6 {
            return Err(wrong());
        }
        format!("{whole}{part:0<10}").parse().map_err(|_| wrong())
    }

    pub(super) fn of(&self, region: Option<&str>, architecture: Option<&str>) -> Price {
        let fits =
            |listed: &&Listed| Some(listed.region) == region && listed.architecture == architecture.unwrap_or("x86_64");
        let same_architecture = |listed: &&Listed| listed.architecture == architecture.unwrap_or("x86_64");
        let listed = LIST.iter().find(fits).or_else(|| LIST.iter().find(same_architecture)).unwrap_or(&LIST[0]);
        if let Some(gb_second) = self.gb_second {
            let list = format!("{} USD per GB-second as given, list price of requests", dollars(gb_second));
            return Price { gb_second, request: listed.request, list };
        }
        let place = match region {
            Some(region) if region != listed.region => format!(" (none known for {region})"),
            None => " (region unknown)".to_owned(),
            Some(_) => String::new(),
        };
        let assumed = if architecture.is_some() { "" } else { " assumed" };
        let short = if listed.architecture == "x86_64" { "x86" } else { listed.architecture };
        let list = format!("AWS list price of {}{place}, {short}{assumed}, {CAVEAT}", listed.region);
        Price { gb_second: listed.gb_second, request: listed.request, list }
    }
}

fn dollars(units: Units) -> String {
    let text = format!("{}.{:010}", units / 10_000_000_000, units % 10_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    billed_ms: u64,
    mb_ms: u128,
    /// Price in [`Units`] times `MB_MS`.
    price: u128,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.billed_ms += other.billed_ms;
        self.mb_ms += other.mb_ms;
        self.price += other.price;
    }

    fn gb_seconds(&self) -> f64 {
        ((self.mb_ms * 1_000 + MB_MS / 2) / MB_MS) as f64 / 1e3
    }

    /// Returns US dollars, rounded to the millionth.
    fn usd(&self) -> f64 {
        let millionth = MB_MS * 10_000;
        ((self.price + millionth / 2) / millionth) as f64 / 1e6
    }
}

/// Category of attempts that ran again after a success.
const RERUN: &str = "rerun_after_success";

/// Cost of the failures of one function, or of all.
#[derive(Debug, Default)]
pub(super) struct Costs {
    by_category: BTreeMap<&'static str, Cost>,
    /// Whether any attempt has a billed duration.
    billed: bool,
}

impl Costs {
    /// Adds the attempts of one event, in order.
    pub(super) fn add_event(&mut self, attempts: &[Entry], price: &Price) {
        let mut succeeded = false;
        for attempt in attempts {
            if attempt.has(Fact::Emulated) {
                continue;
            }
            let Some(billed_ms) = attempt.billed_ms() else { continue };
            self.billed = true;
            let category = match attempt.category() {
                failure if failure.is_failure() => failure.id(),
                _ if succeeded => RERUN,
                _ => {
                    succeeded |= attempt.category() == Category::Ok;
                    continue;
                }
            };
            let mb_ms = u128::from(billed_ms) * u128::from(attempt.memory_size_mb().unwrap_or(0));
            let price = mb_ms * u128::from(price.gb_second) + u128::from(price.request) * MB_MS;
            self.by_category.entry(category).or_default().add(Cost { billed_ms, mb_ms, price });
        }
    }

    /// Adds the costs of another function.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.billed |= other.billed;
        for (category, cost) in &other.by_category {
            self.by_category.entry(category).or_default().add(*cost);
        }
    }

    pub(super) fn is_billed(&self) -> bool {
        self.billed
    }

    /// Returns the cost; `None` if no attempt has a billed duration: Managed Instances, logs without REPORT lines,
    /// emulators.
    pub(super) fn waste(&self, lists: &BTreeSet<String>) -> Option<Waste> {
        if !self.billed {
            return None;
        }
        let mut all = Cost::default();
        self.by_category.values().for_each(|cost| all.add(*cost));
        let share = |(category, cost): (&&'static str, &Cost)| WasteShare {
            category: (*category).to_owned(),
            billed_ms: cost.billed_ms,
            gb_seconds: cost.gb_seconds(),
            usd: cost.usd(),
        };
        Some(Waste {
            billed_ms: all.billed_ms,
            gb_seconds: all.gb_seconds(),
            usd: Some(all.usd()),
            price_list: Some(lists.iter().cloned().collect::<Vec<_>>().join("; ")),
            by_category: self.by_category.iter().map(share).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_prices() {
        assert_eq!(Prices::parse_usd("0.0000166667"), Ok(166_667));
        assert_eq!(Prices::parse_usd("1"), Ok(10_000_000_000));
        for text in ["", ".5", "-1", "0.00000000001", "1e-5", "x", "99999999999999999999"] {
            assert!(Prices::parse_usd(text).is_err(), "{text}");
        }
        assert_eq!(dollars(133_334), "0.0000133334");
    }

    #[test]
    fn says_which_list() {
        let list = |region, architecture| Prices::default().of(region, architecture).list;
        assert!(list(Some("us-east-1"), None).starts_with("AWS list price of us-east-1, x86 assumed"));
        assert!(list(Some("eu-west-1"), None).contains("(none known for eu-west-1)"));
        assert!(list(None, Some("arm64")).contains("(region unknown), arm64, before"));
        let given = Prices { gb_second: Some(100_000) }.of(None, None);
        assert_eq!((given.gb_second, given.list.starts_with("0.00001 USD")), (100_000, true));
    }

    #[test]
    fn adds_up_whole_numbers() {
        // 1,000 runs of 3 s at 512 MB: 1,500 GB-seconds and 1,000 requests.
        let mut cost = Cost::default();
        for _ in 0..1_000 {
            let mb_ms = 3_000 * 512;
            cost.add(Cost { billed_ms: 3_000, mb_ms, price: mb_ms * 166_667 + 2_000 * MB_MS });
        }
        assert_eq!((cost.gb_seconds(), cost.usd()), (1_500.0, 0.0252));
    }
}
