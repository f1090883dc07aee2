//! Limits of spending, and the arithmetic that keeps to them: spent, reserved, left.
//!
//! Pure: knows no store and no clock, so that a plan is judged by the same sums as a purchase. Checking each limit
//! where it is used was the alternative; then two of them would one day disagree.

use std::collections::BTreeMap;
use std::fmt;

use model::{Diagnostic, Digest};
use serde::{Deserialize, Serialize};

use crate::money::{Cost, Total, dollars};

/// A month of the calendar, by UTC: months since the year 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(pub u32);

impl Month {
    /// The month of a moment, in seconds since 1970.
    pub fn of_unix(seconds: u64) -> Month {
        Month(civil(seconds).0)
    }

    /// The one after.
    pub fn next(self) -> Month {
        Month(self.0.saturating_add(1))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

/// Months since the year 0, and the day of the month, of a moment in seconds since 1970.
fn civil(seconds: u64) -> (u32, u64) {
    // Days to a civil date, by eras of 400 years that begin in March.
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let months = (era * 400 + year_of_era) * 12 + from_march + 2;
    (u32::try_from(months).unwrap_or(u32::MAX), day_of_year - (153 * from_march + 2) / 5 + 1)
}

/// A moment in seconds since 1970 as `2026-11-28T09:05:00Z`.
pub fn date_time(seconds: u64) -> String {
    let (months, day) = civil(seconds);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", Month(months))
}

/// Who set a limit: where it can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The user's own settings.
    User,
    /// The graph, which can lower a limit and never raise it.
    Graph,
    /// The command line or the approval of this run.
    Run,
}

/// A limit in micro-dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub microusd: u64,
    pub origin: Origin,
}

/// The limits that hold; none where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// For one item of a graph: all its takes, for ever.
    pub item: Option<Limit>,
    /// For one run.
    pub run: Option<Limit>,
    /// For all that is spent through one store in a calendar month.
    pub month: Option<Limit>,
    /// For what one provider gets of it in a calendar month.
    pub providers: BTreeMap<String, Limit>,
}

impl Caps {
    /// Limits that let nothing be bought, for when the user's own cannot be read.
    pub fn closed() -> Caps {
        Caps { month: Some(Limit { microusd: 0, origin: Origin::User }), ..Caps::default() }
    }

    /// The lower of each limit.
    #[must_use]
    pub fn and(&self, other: &Caps) -> Caps {
        let lower = |a: Option<Limit>, b: Option<Limit>| match (a, b) {
            (Some(a), Some(b)) => Some(if b.microusd < a.microusd { b } else { a }),
            (a, b) => a.or(b),
        };
        let mut providers = self.providers.clone();
        for (name, limit) in &other.providers {
            let own = providers.get(name).copied();
            providers.extend(lower(own, Some(*limit)).map(|limit| (name.clone(), limit)));
        }
        Caps {
            item: lower(self.item, other.item),
            run: lower(self.run, other.run),
            month: lower(self.month, other.month),
            providers,
        }
    }
}

/// What something is bought for, and from whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Purpose {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub graph: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub item: String,
    /// The run, by a name that no other run has.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub run: String,
    /// A person let this item through by name: the run's budget is not for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub named: bool,
}

/// What is about to be bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    pub key: Digest,
    #[serde(flatten)]
    pub purpose: Purpose,
    pub provider: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Micro-dollars; none where the price is unknown.
    pub price: Option<u64>,
}

/// What a limit holds for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Budget,
    Item,
    Run,
    Provider(String),
    Month,
}

impl Scope {
    /// One word.
    pub fn name(&self) -> &'static str {
        match self {
            Scope::Budget => "budget",
            Scope::Item => "item",
            Scope::Run => "run",
            Scope::Provider(_) => "provider",
            Scope::Month => "month",
        }
    }
}

/// How a limit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub scope: Scope,
    pub limit: Limit,
    pub month: Month,
    /// What is paid, or may have to be.
    pub spent: Total,
    /// What jobs under way may cost.
    pub reserved: Total,
}

impl Standing {
    /// Micro-dollars that may still be spent.
    pub fn left(&self) -> u64 {
        self.limit.microusd.saturating_sub(self.spent.most()).saturating_sub(self.reserved.most())
    }

    /// What the limit is called: `month 2026-11`.
    pub fn title(&self) -> String {
        match &self.scope {
            Scope::Budget => "the budget of this run".to_owned(),
            Scope::Item => "the cap for one item".to_owned(),
            Scope::Run => "the cap for one run".to_owned(),
            Scope::Provider(name) => format!("the cap for {name} in {}", self.month),
            Scope::Month => format!("the cap for {}", self.month),
        }
    }

    /// Whether something of that price still fits. What has no known price needs something to be left at least.
    fn has_room(&self, price: Option<u64>) -> bool {
        match price {
            Some(price) => price <= self.left(),
            None => 0 < self.left(),
        }
    }
}

/// Why something is not bought: the limit that it would break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub item: String,
    pub price: Option<u64>,
    pub by: Standing,
}

impl Refusal {
    /// For people: which limit, how it stands, and the ways out.
    pub fn diagnostic(&self) -> Diagnostic {
        let Standing { scope, limit, month, spent, reserved } = &self.by;
        let price =
            self.price.map_or_else(|| "has no known price".to_owned(), |price| format!("costs {}", dollars(price)));
        let message = format!(
            "it {price}, and {} of {} has {} left: {spent} spent, {reserved} reserved by jobs under way",
            self.by.title(),
            dollars(limit.microusd),
            dollars(self.by.left()),
        );
        let told = at_item(Diagnostic::warning("cap-reached", message), &self.item);
        let place = match limit.origin {
            Origin::User => {
                format!("raise `{}` in your money.ron: `throughline ledger` says where it lies", scope.name())
            }
            Origin::Graph => format!("the graph's own settings say so: raise `{}` in its `caps`", scope.name()),
            Origin::Run if *scope == Scope::Budget => {
                "run again with a larger --budget, or let it through with --approve".to_owned()
            }
            Origin::Run => format!("run again with a larger --cap-{}", scope.name()),
        };
        let told = told.hint(place);
        match scope {
            Scope::Month | Scope::Provider(_) => {
                told.hint(format!("or wait for {}: months begin by UTC", month.next()))
            }
            _ if 0 < reserved.most() => told.hint("or wait until the jobs under way are settled"),
            _ => told,
        }
    }
}

/// A diagnostic about an item by name.
fn at_item(told: Diagnostic, item: &str) -> Diagnostic {
    match item.split_once('/') {
        Some((node, element)) => told.at_node(node).at_element(element),
        None if item.is_empty() => told,
        None => told.at_node(item),
    }
}

/// Sums of one kind of money, by all that limits ask about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sums {
    months: BTreeMap<Month, Total>,
    providers: BTreeMap<(Month, String), Total>,
    items: BTreeMap<(String, String), Total>,
    runs: BTreeMap<String, Total>,
    /// Of runs, what was not let through by name.
    budgets: BTreeMap<String, Total>,
}

impl Sums {
    fn add(&mut self, month: Option<Month>, provider: &str, purpose: &Purpose, cost: Cost) {
        if let Some(month) = month {
            self.months.entry(month).or_default().add(cost);
            self.providers.entry((month, provider.to_owned())).or_default().add(cost);
        }
        if !purpose.item.is_empty() {
            self.items.entry((purpose.graph.clone(), purpose.item.clone())).or_default().add(cost);
        }
        if !purpose.run.is_empty() {
            self.runs.entry(purpose.run.clone()).or_default().add(cost);
            if !purpose.named {
                self.budgets.entry(purpose.run.clone()).or_default().add(cost);
            }
        }
    }

    fn of(&self, scope: &Scope, month: Month, purpose: &Purpose) -> Total {
        let found = match scope {
            Scope::Budget => self.budgets.get(&purpose.run),
            Scope::Run => self.runs.get(&purpose.run),
            Scope::Item => self.items.get(&(purpose.graph.clone(), purpose.item.clone())),
            Scope::Provider(name) => self.providers.get(&(month, name.clone())),
            Scope::Month => self.months.get(&month),
        };
        found.copied().unwrap_or_default()
    }
}

/// What a run may spend: the caps that hold anyway, and its budget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub caps: Caps,
    /// For everything that is not let through by name.
    pub budget: Option<Limit>,
}

/// The books at one moment: what was spent and what is reserved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// The present month; it never goes back.
    month: Month,
    spent: Sums,
    reserved: Sums,
}

impl Books {
    /// Books of that month with nothing in them.
    pub fn new(month: Month) -> Books {
        Books { month, ..Books::default() }
    }

    /// The present month.
    pub fn month(&self) -> Month {
        self.month
    }

    /// Goes on to a later month; never back.
    pub fn turn(&mut self, month: Month) {
        self.month = self.month.max(month);
    }

    /// Enters what was spent, in a month if it is known.
    pub fn spend(&mut self, month: Option<Month>, provider: &str, purpose: &Purpose, cost: Cost) {
        self.spent.add(month, provider, purpose, cost);
    }

    /// Sets money aside for a job that is about to run, or runs. It counts for the present month.
    pub fn reserve(&mut self, provider: &str, purpose: &Purpose, price: Option<u64>) {
        self.reserved.add(Some(self.month), provider, purpose, price.into());
    }

    /// How each limit stands for a purchase, the narrowest first.
    fn standings(&self, purchase: &Purchase, limits: &Limits) -> Vec<Standing> {
        let caps = &limits.caps;
        let provider = caps.providers.get(&purchase.provider).copied();
        let budget = limits.budget.filter(|_| !purchase.purpose.named);
        let all = [
            (Scope::Item, caps.item),
            (Scope::Budget, budget),
            (Scope::Run, caps.run),
            (Scope::Provider(purchase.provider.clone()), provider),
            (Scope::Month, caps.month),
        ];
        let standing = |(scope, limit): (Scope, Option<Limit>)| Some(self.standing(scope, limit?, &purchase.purpose));
        all.into_iter().filter_map(standing).collect()
    }

    fn standing(&self, scope: Scope, limit: Limit, purpose: &Purpose) -> Standing {
        let (spent, reserved) =
            (self.spent.of(&scope, self.month, purpose), self.reserved.of(&scope, self.month, purpose));
        Standing { scope, limit, month: self.month, spent, reserved }
    }

    /// How the caps of the present month stand, for people.
    pub fn of_month(&self, caps: &Caps) -> Vec<Standing> {
        let nothing = Purpose::default();
        let month = caps.month.map(|limit| self.standing(Scope::Month, limit, &nothing));
        let providers = caps.providers.iter();
        let providers = providers.map(|(name, limit)| self.standing(Scope::Provider(name.clone()), *limit, &nothing));
        month.into_iter().chain(providers).collect()
    }

    /// What a run has spent and has under way.
    pub fn of_run(&self, run: &str) -> (Total, Total) {
        let of = |sums: &Sums| sums.runs.get(run).copied().unwrap_or_default();
        (of(&self.spent), of(&self.reserved))
    }

    /// Sets money aside for purchases, all of them or none.
    ///
    /// # Errors
    /// The first limit that would be broken.
    pub fn try_reserve(&mut self, purchases: &[Purchase], limits: &Limits) -> Result<(), Box<Refusal>> {
        let before = (1 < purchases.len()).then(|| self.reserved.clone());
        for purchase in purchases {
            let unpriced_budget = purchase.price.is_none() && !purchase.purpose.named && limits.budget.is_some();
            let broken = self.standings(purchase, limits).into_iter().find(|standing| {
                // A budget is a sum: what has no price cannot be within it.
                !standing.has_room(purchase.price) || (unpriced_budget && standing.scope == Scope::Budget)
            });
            if let Some(by) = broken {
                self.reserved = before.unwrap_or_else(|| std::mem::take(&mut self.reserved));
                return Err(Box::new(Refusal { item: purchase.purpose.item.clone(), price: purchase.price, by }));
            }
            self.reserve(&purchase.provider, &purchase.purpose, purchase.price);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit(microusd: u64) -> Option<Limit> {
        Some(Limit { microusd, origin: Origin::User })
    }

    fn purchase(item: &str, provider: &str, price: Option<u64>) -> Purchase {
        let purpose = Purpose { graph: "film".into(), item: item.into(), run: "r".into(), named: false };
        Purchase { key: Digest::of(item.as_bytes()), purpose, provider: provider.into(), model: None, price }
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let day = 86_400;
        for (seconds, month) in [
            (0, "1970-01"),
            (31 * day - 1, "1970-01"),
            (31 * day, "1970-02"),
            (951_782_400, "2000-02"),
            (951_868_800, "2000-03"),
            (1_735_689_599, "2024-12"),
            (1_735_689_600, "2025-01"),
            (1_795_824_000, "2026-11"),
        ] {
            assert_eq!(Month::of_unix(seconds).to_string(), month, "{seconds}");
        }
        let at = |seconds| date_time(seconds);
        assert_eq!(at(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!((at(0).as_str(), at(1_735_689_599).as_str()), ("1970-01-01T00:00:00Z", "2024-12-31T23:59:59Z"));
        assert_eq!(Month::of_unix(1_735_689_599).next(), Month::of_unix(1_735_689_600));
        assert_eq!(Month::of_unix(u64::MAX).next(), Month(u32::MAX), "no clock breaks it");
    }

    #[test]
    fn the_lower_of_two_caps_holds() {
        let own =
            Caps { month: limit(10), providers: [("a".to_owned(), limit(5).expect("one"))].into(), ..Caps::default() };
        let graph = |microusd| Limit { microusd, origin: Origin::Graph };
        let wish = Caps {
            month: Some(graph(99)),
            run: Some(graph(7)),
            providers: [("a".to_owned(), graph(3)), ("b".to_owned(), graph(4))].into(),
            ..Caps::default()
        };
        let both = own.and(&wish);
        assert_eq!((both.month, both.run), (limit(10), Some(graph(7))), "a graph never raises a limit");
        assert_eq!(both.providers.values().map(|limit| limit.microusd).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn a_refusal_names_the_limit_how_it_stands_and_the_way_out() {
        let mut books = Books::new(Month::of_unix(1_795_824_000));
        let month = Some(books.month());
        books.spend(month, "fal", &Purpose::default(), Cost::Exact(18_500_000));
        books.spend(month, "fal", &Purpose::default(), Cost::AtMost(200_000));
        books.spend(Some(Month::of_unix(0)), "fal", &Purpose::default(), Cost::Exact(99_000_000));
        books.reserve("fal", &Purpose::default(), Some(1_000_000));
        let limits = Limits { caps: Caps { month: limit(20_000_000), ..Caps::default() }, budget: None };
        let refusal =
            books.try_reserve(&[purchase("v/s1", "fal", Some(500_000))], &limits).expect_err("it is too much");
        let told = refusal.diagnostic();
        assert_eq!(told.code, "cap-reached");
        assert_eq!(
            told.message,
            "it costs $0.50, and the cap for 2026-11 of $20.00 has $0.30 left: \
             $18.50, perhaps $0.20 more spent, $1.00 reserved by jobs under way"
        );
        assert_eq!(told.hints.len(), 2, "{told}");
        assert_eq!((told.subject.node.as_deref(), told.subject.element.as_deref()), (Some("v"), Some("s1")));
        assert_eq!(books.try_reserve(&[purchase("v/s1", "fal", Some(300_000))], &limits), Ok(()));
        let unpriced = purchase("v/s2", "fal", None);
        assert!(
            books.try_reserve(std::slice::from_ref(&unpriced), &limits).is_err(),
            "nothing is left for what has no price"
        );
        let mut open = Books::new(books.month());
        assert_eq!(
            open.try_reserve(std::slice::from_ref(&unpriced), &limits),
            Ok(()),
            "a person let it through, within a cap"
        );
        let budget = Limits { budget: limit(u64::MAX), ..Limits::default() };
        assert!(
            open.try_reserve(std::slice::from_ref(&unpriced), &budget).is_err(),
            "no budget holds what has no price"
        );
        let named = Purchase { purpose: Purpose { named: true, ..unpriced.purpose }, ..unpriced };
        assert_eq!(open.try_reserve(&[named], &budget), Ok(()));
    }

    fn any_limit() -> impl Strategy<Value = Option<Limit>> {
        prop::option::of((0u64..60).prop_map(|microusd| Limit { microusd, origin: Origin::User }))
    }

    proptest! {
        #[test]
        fn spent_and_reserved_never_exceed_a_limit_when_something_starts(
            caps in (any_limit(), any_limit(), any_limit(), any_limit()),
            budget in any_limit(),
            wanted in prop::collection::vec((0u8..3, 0u8..2, prop::option::weighted(0.9, 0u64..20), any::<bool>(), 0u8..4), 1..60),
        ) {
            let providers = caps.3.map(|limit| ("p0".to_owned(), limit)).into_iter().collect();
            let limits = Limits { caps: Caps { item: caps.0, run: caps.1, month: caps.2, providers }, budget };
            let mut books = Books::new(Month(24_300));
            for (item, provider, price, named, then) in wanted {
                let mut one = purchase(&format!("v/s{item}"), &format!("p{provider}"), price);
                one.purpose.named = named;
                let before = books.clone();
                match books.try_reserve(std::slice::from_ref(&one), &limits) {
                    Err(refusal) => {
                        prop_assert_eq!(&books, &before, "a refusal reserves nothing");
                        prop_assert!(price.is_none_or(|price| refusal.by.left() < price));
                    }
                    Ok(()) => {
                        for standing in books.standings(&one, &limits) {
                            let sum = standing.spent.most() + standing.reserved.most();
                            prop_assert!(sum <= standing.limit.microusd, "{:?}", standing);
                        }
                        // It is settled at once: for as much, for less, for nothing, or not yet.
                        let cost = match then {
                            0 => Some(Cost::listed(price)),
                            1 => Some(Cost::at_most(price)),
                            2 => Some(Cost::FREE),
                            _ => None,
                        };
                        if let Some(cost) = cost {
                            books = before;
                            books.spend(Some(books.month()), &one.provider, &one.purpose, cost);
                        }
                    }
                }
            }
        }
    }
}
