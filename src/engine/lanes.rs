//! Lanes: bounded queues with threads, one lane in front of each worker.
//!
//! A lane runs jobs, records their results and reports; it knows neither items nor the graph. Results are durable
//! before they are reported, so a crash loses at most what was being made.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use model::{AudioInfo, Diagnostic, Digest, Media, Outputs, VideoInfo, Work};

use crate::money::Cost;
use crate::traces::{ClaimState, Made, Traces};
use crate::worker::{Artifacts, Cancel, Job, JobCx, JobError, Worker};

/// A lane as the program sets it up.
pub struct LaneSpec {
    /// `animatic`, `media`, `compute`, or a provider's name.
    pub name: &'static str,
    /// Jobs at a time.
    pub width: usize,
    pub worker: Arc<dyn Worker>,
}

/// A job on its way, with what its record needs.
pub(crate) struct Order {
    pub(crate) job: Job,
    pub(crate) cancel: Cancel,
    pub(crate) model: Option<(String, u32)>,
    /// What it costs by the price list, where the worker does not write its own bill.
    pub(crate) cost: Cost,
}

impl Order {
    fn made(&self, outputs: Outputs, took: Duration) -> Made {
        let (work, model) = (self.job.work.clone(), self.model.clone());
        Made { outputs, work, model, cost: self.cost, seconds: took.as_secs_f64(), parts: Vec::new() }
    }
}

/// What lanes tell the engine.
pub(crate) enum Report {
    Started(Digest),
    Progress(Digest, f32),
    Finished(Digest, Result<Made, JobError>),
}

struct Lane {
    name: &'static str,
    width: usize,
    orders: Option<Sender<Order>>,
    threads: Vec<JoinHandle<()>>,
    n_in_flight: usize,
}

/// All lanes of an engine.
pub(crate) struct Lanes {
    lanes: Vec<Lane>,
    reports: Receiver<Report>,
    report: Sender<Report>,
    store: Arc<dyn Traces>,
    project: PathBuf,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// Reports that may wait before a lane has to.
const REPORTS: usize = 1024;

impl Lanes {
    pub(crate) fn new(
        specs: Vec<LaneSpec>,
        store: &Arc<dyn Traces>,
        project: &Path,
        wake: &Arc<dyn Fn() + Send + Sync>,
    ) -> Lanes {
        let (report, reports) = bounded(REPORTS);
        let (store, project, wake) = (store.clone(), project.to_owned(), wake.clone());
        let mut lanes = Lanes { lanes: Vec::new(), reports, report, store, project, wake };
        for spec in specs {
            lanes.add(spec);
        }
        lanes
    }

    /// Opens another lane; gives its index.
    pub(crate) fn add(&mut self, spec: LaneSpec) -> usize {
        let (orders, inbox) = bounded::<Order>(spec.width * 2);
        let threads = (0..spec.width)
            .map(|_| {
                let hand = Hand {
                    worker: spec.worker.clone(),
                    store: self.store.clone(),
                    project: self.project.clone(),
                    report: self.report.clone(),
                    wake: self.wake.clone(),
                };
                let inbox = inbox.clone();
                std::thread::spawn(move || inbox.iter().for_each(|order| hand.run(order)))
            })
            .collect();
        self.lanes.push(Lane { name: spec.name, width: spec.width, orders: Some(orders), threads, n_in_flight: 0 });
        self.lanes.len() - 1
    }

    /// The index of a lane.
    /// Each lane with the number of jobs that it works on at once.
    pub(crate) fn widths(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.lanes.iter().map(|lane| (lane.name, lane.width))
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.name == name)
    }

    /// Whether a lane takes another job.
    pub(crate) fn has_room(&self, lane: usize) -> bool {
        self.lanes[lane].n_in_flight < self.lanes[lane].width * 2
    }

    /// Whether any lane takes another job.
    pub(crate) fn any_has_room(&self) -> bool {
        (0..self.lanes.len()).any(|lane| self.has_room(lane))
    }

    /// Queues a job; `false` where the lane is gone.
    pub(crate) fn send(&mut self, lane: usize, order: Order) -> bool {
        let lane = &mut self.lanes[lane];
        let sent = lane.orders.as_ref().is_some_and(|orders| orders.send(order).is_ok());
        lane.n_in_flight += usize::from(sent);
        sent
    }

    /// Frees a place in a lane.
    pub(crate) fn release(&mut self, lane: usize) {
        self.lanes[lane].n_in_flight = self.lanes[lane].n_in_flight.saturating_sub(1);
    }

    /// The next report, waiting up to `timeout` for it.
    pub(crate) fn next(&self, timeout: Duration) -> Option<Report> {
        self.reports.recv_timeout(timeout).ok()
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        for lane in &mut self.lanes {
            lane.orders = None;
        }
        for lane in &mut self.lanes {
            for thread in lane.threads.drain(..) {
                // A full report queue would keep the thread waiting for us.
                while !thread.is_finished() {
                    let _ = self.reports.recv_timeout(Duration::from_millis(5));
                }
                let _ = thread.join();
            }
        }
    }
}

/// One thread of a lane.
struct Hand {
    worker: Arc<dyn Worker>,
    store: Arc<dyn Traces>,
    project: PathBuf,
    report: Sender<Report>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// How often a hand looks whether another process is done with a key.
const LOOK: Duration = Duration::from_millis(100);

impl Hand {
    fn run(&self, order: Order) {
        let key = order.job.key;
        self.send(Report::Started(key));
        let result = self.work(&order);
        self.send(Report::Finished(key, result));
    }

    fn work(&self, order: &Order) -> Result<Made, JobError> {
        let key = order.job.key;
        let _claim = self.claim(order)?;
        order.cancel.check()?;
        // Another process may have finished the same work while this one waited. What it cost was its to pay.
        if let Some(outputs) = self.store.outputs(&key)? {
            let made = self.store.work(&key)?.unwrap_or_else(|| order.made((*outputs).clone(), Duration::ZERO));
            return Ok(Made { cost: Cost::FREE, ..made });
        }
        let started = Instant::now();
        let parts = Parts { store: &*self.store, used: Mutex::default() };
        let outputs = self.call(order, &parts)?;
        // A worker that pays writes its result down itself, together with the bill.
        if let Some(made) = self.store.work(&key)?.filter(|made| made.outputs == outputs) {
            return Ok(made);
        }
        let parts = parts.used.into_inner().unwrap_or_else(PoisonError::into_inner);
        let made = Made { parts: parts.into_iter().collect(), ..order.made(outputs, started.elapsed()) };
        self.store.keep(&key, &made)?;
        Ok(made)
    }

    /// Waits until no other process works on the key. It is released when its holder is done, or dies.
    fn claim(&self, order: &Order) -> Result<ClaimState, JobError> {
        loop {
            order.cancel.check()?;
            match self.store.claim(&order.job.key)? {
                ClaimState::HeldBy(_) => {
                    let _ = crossbeam_channel::after(LOOK).recv();
                }
                ours @ ClaimState::Ours(_) => return Ok(ours),
            }
        }
    }

    fn call(&self, order: &Order, artifacts: &dyn Artifacts) -> Result<Outputs, JobError> {
        let key = order.job.key;
        let progress = |done: f32| {
            if self.report.try_send(Report::Progress(key, done.clamp(0.0, 1.0))).is_ok() {
                (self.wake)();
            }
        };
        let cx = JobCx { artifacts, cancel: order.cancel.clone(), progress: &progress, project: &self.project };
        catch_unwind(AssertUnwindSafe(|| self.worker.run(&order.job, &cx))).unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(Diagnostic::error("worker-panicked", format!("the worker broke down: {said}"))
                .hint("this is a bug; the rest of the run goes on")
                .into())
        })
    }

    fn send(&self, report: Report) {
        // The engine is gone when nobody listens; there is nobody left to tell.
        let _ = self.report.send(report);
        (self.wake)();
    }
}

/// The store as one job sees it: remembers which parts went into its result, made now or before.
struct Parts<'a> {
    store: &'a dyn Traces,
    used: Mutex<BTreeSet<Digest>>,
}

impl Parts<'_> {
    fn note(&self, work: &Work) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(work.key(None));
    }
}

impl Artifacts for Parts<'_> {
    fn locate(&self, media: &Media) -> Result<PathBuf, Diagnostic> {
        self.store.locate(media)
    }

    fn scratch(&self, format: &str) -> Result<PathBuf, Diagnostic> {
        self.store.scratch(format)
    }

    fn adopt(
        &self,
        scratch: &Path,
        format: &str,
        video: Option<VideoInfo>,
        audio: Option<AudioInfo>,
    ) -> Result<Media, Diagnostic> {
        self.store.adopt(scratch, format, video, audio)
    }

    fn recall(&self, work: &Work) -> Option<Outputs> {
        let found = self.store.recall(work);
        if found.is_some() {
            self.note(work);
        }
        found
    }

    fn record(&self, work: &Work, outputs: &Outputs) -> Result<(), Diagnostic> {
        self.store.record(work, outputs)?;
        self.note(work);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{Compute, Value};

    use super::*;
    use crate::store::{Claim, Store};

    /// Counts how often each key is made, slowly enough for others to come by.
    #[derive(Default)]
    struct Counting(Mutex<BTreeMap<Digest, u32>>);

    impl Worker for Counting {
        fn run(&self, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
            *self.0.lock().expect("no panics").entry(job.key).or_default() += 1;
            let _ = crossbeam_channel::after(Duration::from_millis(3)).recv();
            let part = work(1000 + i64::from(job.key.0[0]));
            cx.artifacts.record(&part, &vec![])?;
            Ok(vec![("out".into(), Value::from(job.key.short().as_str()))])
        }
    }

    fn work(n: i64) -> Work {
        let args = BTreeMap::from([("n".to_owned(), Value::Integer(n))]);
        Work::Compute(Compute { op: "count".to_owned(), version: 1, args })
    }

    fn order(n: i64) -> Order {
        let work = work(n);
        Order {
            job: Job { key: work.key(None), work, model: None },
            cancel: Cancel::default(),
            model: None,
            cost: Cost::Exact(7),
        }
    }

    fn lanes(folder: &Path, worker: &Arc<Counting>, width: usize) -> Lanes {
        let store: Arc<dyn Traces> = Arc::new(Store::open(folder).expect("it opens"));
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
        Lanes::new(vec![LaneSpec { name: "count", width, worker: worker.clone() }], &store, folder, &wake)
    }

    fn finished(lanes: &Lanes) -> (Digest, Result<Made, JobError>) {
        loop {
            match lanes.next(Duration::from_secs(30)).expect("it goes on") {
                Report::Finished(key, result) => return (key, result),
                Report::Started(_) | Report::Progress(..) => {}
            }
        }
    }

    #[test]
    fn two_openings_of_a_store_make_each_key_once() {
        const N: i64 = 12;
        let folder = tempfile::tempdir().expect("a folder");
        let worker = Arc::new(Counting::default());
        let makers = [0, 1].map(|_| {
            let (folder, worker) = (folder.path().to_owned(), worker.clone());
            std::thread::spawn(move || {
                let mut lanes = lanes(&folder, &worker, 2);
                let take = |(key, made): (Digest, Result<Made, JobError>)| (key, made.expect("it is made"));
                let mut made = BTreeMap::new();
                for n in 0..N {
                    while !lanes.has_room(0) {
                        made.extend([take(finished(&lanes))]);
                        lanes.release(0);
                    }
                    assert!(lanes.send(0, order(n)));
                }
                while (made.len() as i64) < N {
                    made.extend([take(finished(&lanes))]);
                }
                made
            })
        });
        let [first, second] = makers.map(|maker| maker.join().expect("it ends"));
        assert_eq!(*worker.0.lock().expect("no panics"), (0..N).map(|n| (order(n).job.key, 1)).collect());
        for (key, made) in &first {
            assert_eq!(made.outputs, second[key].outputs);
            let mut costs = [made.cost, second[key].cost];
            costs.sort_by_key(|cost| cost.known());
            assert_eq!(costs, [Cost::FREE, Cost::Exact(7)], "one of them paid");
            assert_eq!((made.parts.len(), &made.parts), (1, &second[key].parts), "and both know its parts");
        }
    }

    #[test]
    fn waiting_for_another_process_can_be_cancelled() {
        let folder = tempfile::tempdir().expect("a folder");
        let worker = Arc::new(Counting::default());
        let other = Store::open(folder.path()).expect("it opens");
        let Claim::Ours(_guard) = other.claim(&order(1).job.key).expect("claimed") else { panic!("nobody is here") };
        let mut lanes = lanes(folder.path(), &worker, 1);
        let waiting = order(1);
        let cancel = waiting.cancel.clone();
        assert!(lanes.send(0, waiting));
        assert!(matches!(lanes.next(Duration::from_secs(30)), Some(Report::Started(_))));
        assert!(lanes.next(Duration::from_millis(150)).is_none(), "it waits");
        cancel.cancel();
        assert_eq!(finished(&lanes).1, Err(JobError::Cancelled));
        assert!(worker.0.lock().expect("no panics").is_empty());
    }
}
