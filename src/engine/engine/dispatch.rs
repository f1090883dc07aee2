//! From ready items to jobs: what may start now, what it may cost, and which lane does it.
//!
//! Knows the books only through the store. Which model an item goes to is decided before it comes here.

use model::{Diagnostic, Work};

use super::{Engine, InFlight, LAUNCHES};
use crate::caps::{Books, Limits, Purchase, Purpose, Refusal};
use crate::lanes::Order;
use crate::models::Admission;
use crate::money::Cost;
use crate::needs::Wanted;
use crate::state::{ItemRef, State};
use crate::traces::Traces;
use crate::worker::{Cancel, Job};

impl Engine {
    pub(super) fn dispatch(&mut self) {
        if self.demand_rev != self.ev.wiring_rev {
            self.demand = self.ev.demand(&self.targets);
            self.demand_rev = self.ev.wiring_rev;
        }
        if !self.lanes.any_has_room() {
            return;
        }
        let launchable = |at: &&ItemRef| match self.ev.state(**at) {
            State::Held { cost } => {
                let named = self.approval.items.contains(&self.ev.item_name(**at));
                !self.refused.contains_key(*at) && self.approval.lets(named, *cost)
            }
            state => !state.is_in_flight(),
        };
        let ready: Vec<ItemRef> = self
            .ev
            .ready
            .iter()
            .filter(|at| self.demand.contains(at))
            .filter(launchable)
            .take(LAUNCHES)
            .copied()
            .collect();
        let mut books = None;
        let mut resting = Vec::new();
        for at in ready {
            if !self.lanes.any_has_room() {
                break;
            }
            match self.admitted(at) {
                Admission::Go => self.launch(at, &mut books),
                Admission::Wait => {}
                Admission::Rests(why) => resting.push((at, why)),
            }
        }
        for (at, why) in resting {
            let mut wanted = self.ev.wants.get(&at).into_iter().flatten();
            let found = wanted.find_map(|it| Some((it.key, it.chosen.clone()?)));
            if let Some((key, chosen)) = found {
                self.give_way(&[at], key, Some(&chosen), why);
                self.ev.forget_item(at);
            }
        }
    }

    /// Whether the models that an item wants may be sent a job now.
    fn admitted(&self, at: ItemRef) -> Admission {
        let wanted = self.ev.wants.get(&at).into_iter().flatten();
        let chosen = wanted.filter(|it| !self.jobs.contains_key(&it.key)).filter_map(|it| it.chosen.as_ref());
        chosen.map(|chosen| self.ev.models.admit(chosen)).find(|it| *it != Admission::Go).unwrap_or(Admission::Go)
    }

    /// Sets money aside for a job of an approved item; whether it may run. `books` are those of this round: what they
    /// refuse is not asked of the store again.
    fn reserve(&mut self, at: ItemRef, wanted: &Wanted, books: &mut Option<Books>) -> bool {
        let Some(chosen) = &wanted.chosen else { return true };
        let item = self.ev.item_name(at);
        let purpose = Purpose {
            graph: self.ev.graph.clone(),
            named: self.approval.items.contains(&item),
            item,
            run: self.run.clone(),
        };
        let limits = self.approval.limits();
        let purchase = Purchase {
            key: wanted.key,
            purpose,
            provider: chosen.lane.to_owned(),
            model: Some(chosen.model.clone()),
            price: chosen.cost,
        };
        let told = match fits(&*self.ev.store, books, &purchase, &limits) {
            Ok(Ok(())) => return true,
            Ok(Err(refusal)) => refusal.diagnostic(),
            Err(diagnostic) => diagnostic,
        };
        self.refused.insert(at, told);
        self.ev.changed.insert(at);
        false
    }

    fn launch(&mut self, at: ItemRef, books: &mut Option<Books>) {
        let Some(wanted) = self.ev.wants.get(&at).cloned() else { return };
        let mut queued = false;
        for it in wanted {
            if let Some(job) = self.jobs.get_mut(&it.key) {
                if !job.items.contains(&at) {
                    job.items.push(at);
                }
                if it.is_part {
                    job.parts_of.insert(at);
                }
                queued = true;
                continue;
            }
            let lane_name = match (&it.work, &it.chosen) {
                (Work::Call(_), Some(chosen)) => chosen.lane,
                (Work::Compute(_), _) => "compute",
                _ => "media",
            };
            let lane = match self.lanes.find(lane_name) {
                Some(lane) => Ok(lane),
                None => self.ev.models.lane(lane_name).map(|spec| self.lanes.add(spec)),
            };
            let lane = match lane {
                Ok(lane) => lane,
                Err(missing) => {
                    self.ev.known.borrow_mut().failures.insert(it.key, Box::new(missing));
                    self.ev.forget_item(at);
                    continue;
                }
            };
            if !self.lanes.has_room(lane) {
                continue;
            }
            // A job that was bought before is waited for: nothing more is paid.
            let price = it.chosen.as_ref().map_or(Some(0), |chosen| chosen.cost);
            let reserved = price != Some(0) && !self.ev.is_bought(&it.key);
            if reserved && !self.reserve(at, &it, books) {
                continue;
            }
            if let Some(chosen) = &it.chosen
                && let Err(unwritten) = self.ev.models.launching(chosen, &it.key)
            {
                if reserved {
                    self.end_reservation(&it.key, Cost::FREE);
                }
                self.ev.known.borrow_mut().failures.insert(it.key, Box::new(unwritten));
                self.ev.forget_item(at);
                continue;
            }
            let cancel = Cancel::default();
            let chosen = it.chosen.clone();
            let order = Order {
                cancel: cancel.clone(),
                model: it.chosen.as_ref().map(|chosen| (chosen.model.clone(), chosen.version)),
                cost: Cost::listed(price),
                job: Job { key: it.key, model: it.chosen.as_ref().map(|chosen| chosen.model.clone()), work: it.work },
            };
            let work = order.job.work.kind();
            if self.lanes.send(lane, order) {
                let (items, parts_of) = (vec![at], it.is_part.then_some(at).into_iter().collect());
                self.jobs.insert(it.key, InFlight { items, parts_of, cancel, lane, work, price, reserved, chosen });
                queued = true;
            } else if reserved {
                self.end_reservation(&it.key, Cost::FREE);
            }
        }
        if queued {
            self.ev.transition(at, State::Queued);
        }
    }
}

/// Sets money aside for a purchase, where the books of this round have room for it and the store's own still do.
fn fits(
    store: &dyn Traces,
    books: &mut Option<Books>,
    purchase: &Purchase,
    limits: &Limits,
) -> Result<Result<(), Box<Refusal>>, Diagnostic> {
    let purchases = std::slice::from_ref(purchase);
    let books = match books {
        Some(books) => books,
        None => books.insert(store.books()?),
    };
    match books.try_reserve(purchases, limits) {
        Ok(()) => store.reserve(purchases, limits),
        refused => Ok(refused),
    }
}
