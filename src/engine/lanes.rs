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
    pub(crate) cost: u64,
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
        let lanes = specs
            .into_iter()
            .map(|spec| {
                let (orders, inbox) = bounded::<Order>(spec.width * 2);
                let threads = (0..spec.width)
                    .map(|_| {
                        let hand = Hand {
                            worker: spec.worker.clone(),
                            store: store.clone(),
                            project: project.to_owned(),
                            report: report.clone(),
                            wake: wake.clone(),
                        };
                        let inbox = inbox.clone();
                        std::thread::spawn(move || inbox.iter().for_each(|order| hand.run(order)))
                    })
                    .collect();
                Lane { name: spec.name, width: spec.width, orders: Some(orders), threads, n_in_flight: 0 }
            })
            .collect();
        Lanes { lanes, reports }
    }

    /// The index of a lane.
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
            return Ok(Made { cost: 0, ..made });
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
                ClaimState::HeldBy(_) => drop(crossbeam_channel::after(LOOK).recv()),
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
