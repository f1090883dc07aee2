//! Lanes: bounded queues with threads, one lane in front of each worker.
//!
//! A lane runs jobs, records their results and reports; it knows neither items nor the graph. Results are durable
//! before they are reported, so a crash loses at most what was being made.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use model::{Diagnostic, Digest, Outputs};

use crate::traces::{Made, Traces};
use crate::worker::{Cancel, Job, JobCx, JobError, Worker};

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

impl Hand {
    fn run(&self, order: Order) {
        let key = order.job.key;
        self.send(Report::Started(key));
        let started = Instant::now();
        let result = self.work(&order).and_then(|outputs| {
            let made = Made {
                outputs,
                work: order.job.work.clone(),
                model: order.model.clone(),
                cost: order.cost,
                seconds: started.elapsed().as_secs_f64(),
            };
            self.store.keep(&key, &made)?;
            Ok(made)
        });
        self.send(Report::Finished(key, result));
    }

    fn work(&self, order: &Order) -> Result<Outputs, JobError> {
        order.cancel.check()?;
        // Another process may have finished the same work while this one waited.
        if let Some(outputs) = self.store.outputs(&order.job.key)? {
            return Ok((*outputs).clone());
        }
        let key = order.job.key;
        let progress = |done: f32| {
            if self.report.try_send(Report::Progress(key, done.clamp(0.0, 1.0))).is_ok() {
                (self.wake)();
            }
        };
        let cx = JobCx {
            artifacts: &*self.store,
            cancel: order.cancel.clone(),
            progress: &progress,
            project: &self.project,
        };
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
