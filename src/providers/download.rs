//! Files from providers: streamed to disk, gone on with where the connection broke, never larger than agreed.
//!
//! Redirects are followed here, each judged like the first URL, and never with credentials: the library's own
//! following was rejected, because it would not ask who owns the next host.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use engine::worker::Cancel;
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderValue, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE};

use crate::http::{BROKE_DOWN, Fault, Http, LOOK, Message, Pass, fault, headers, text_of};
use crate::later::retry_after;
use crate::manifest::Place;
use crate::reach::{Owner, Reach};

/// Redirects that a download may take.
const MOST_HOPS: usize = 5;

/// A file to bring.
pub(crate) struct Want<'a> {
    /// Its `most` bounds the file.
    pub(crate) get: &'a Message,
    pub(crate) reach: &'a Reach,
    pub(crate) pass: Option<&'a Pass>,
    /// Where it is written; made anew.
    pub(crate) path: &'a Path,
    pub(crate) cancel: &'a Cancel,
    /// Called with 0 to 1 where the length is known.
    pub(crate) progress: &'a dyn Fn(f32),
}

/// How a download ended without a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NoFile {
    /// The link is dead: there may be a fresh one.
    Expired(String),
    Cancelled,
    Failed(String),
    /// Our own disk.
    Disk(String),
}

/// What is there of a file.
struct Partial {
    file: File,
    have: u64,
    /// Tells the same file from a newer one behind the same URL.
    mark: Option<HeaderValue>,
}

impl Partial {
    fn restart(&mut self) -> Result<(), Broken> {
        (self.have, self.mark) = (0, None);
        self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0))).map(drop).map_err(disk)
    }
}

/// Why a try ended.
enum Broken {
    Again(String, Option<std::time::Duration>),
    End(NoFile),
}

fn disk(error: std::io::Error) -> Broken {
    Broken::End(NoFile::Disk(error.to_string()))
}

impl Http {
    /// Brings a file. See the module.
    pub(crate) fn download(&self, want: &Want<'_>) -> Result<(), NoFile> {
        let file = File::create(want.path).map_err(|error| NoFile::Disk(error.to_string()))?;
        let mut partial = Partial { file, have: 0, mark: None };
        let (mut n, mut last) = (0, None);
        loop {
            let before = partial.have;
            match self.piece(want, &mut partial) {
                Ok(()) => return partial.file.flush().map_err(|error| NoFile::Disk(error.to_string())),
                Err(Broken::End(end)) => return Err(end),
                Err(Broken::Again(why, asked)) => {
                    // A connection that breaks again and again, but brings something each time, gets on.
                    n = if before + (1 << 20) < partial.have { 1 } else { n + 1 };
                    if self.timing.tries <= n || asked.is_some_and(|asked| self.timing.patience < asked) {
                        return Err(NoFile::Failed(last.unwrap_or(why)));
                    }
                    last = Some(why);
                    if !want.cancel.rest(self.pause(n, asked)) {
                        return Err(NoFile::Cancelled);
                    }
                }
            }
        }
    }

    fn piece(&self, want: &Want<'_>, partial: &mut Partial) -> Result<(), Broken> {
        let mut target = want.get.target.clone();
        let mut pass = want.pass;
        let failed = |why: String| Broken::End(NoFile::Failed(why));
        let stall = self.timing.stall;
        for _ in 0..=MOST_HOPS {
            let (url, owner) = want.reach.judge(&target).map_err(failed)?;
            let place = if owner == Owner::Own { want.reach.place() } else { Place::Hosted };
            let own = pass.filter(|_| owner == Owner::Own);
            let extra: &[_] = if owner == Owner::Own { &want.get.headers } else { &[] };
            let mut headers = headers(extra, own).map_err(|fault| failed(fault.said().to_owned()))?;
            if 0 < partial.have {
                match &partial.mark {
                    Some(mark) => {
                        let range = HeaderValue::from_str(&format!("bytes={}-", partial.have));
                        headers.insert(RANGE, range.expect("digits are a header's value"));
                        headers.insert(IF_RANGE, mark.clone());
                    }
                    None => partial.restart()?,
                }
            }
            let request = self.client(place).get(url.clone()).headers(headers);
            let sent = async move { tokio::time::timeout(stall, request.send()).await };
            let sent = self.wait_unless(want.cancel, sent).map_err(|_| Broken::End(NoFile::Cancelled))?;
            let response = match sent {
                None => return Err(failed(BROKE_DOWN.to_owned())),
                Some(Err(_)) => return Err(Broken::Again("it does not answer in time".to_owned(), None)),
                Some(Ok(Err(error))) => {
                    let (Fault::Unsent(why) | Fault::Forbidden(why) | Fault::Lost(why)) = fault(&error);
                    return Err(Broken::Again(why, None));
                }
                Some(Ok(Ok(response))) => response,
            };
            let status = response.status().as_u16();
            match status {
                200 | 206 => return self.body(want, partial, response),
                301 | 302 | 303 | 307 | 308 => {
                    let next = text_of(response.headers(), LOCATION);
                    let next = url.join(&next).map_err(|error| failed(format!("it sends us to no URL: {error}")))?;
                    (target, pass) = (next.into(), None);
                }
                // The link died, or never was allowed: whoever made it may make another.
                401 | 403 | 404 | 410 => return Err(Broken::End(NoFile::Expired(format!("the answer is {status}")))),
                416 => {
                    partial.restart()?;
                    return Err(Broken::Again("the answer is 416".to_owned(), None));
                }
                408 | 425 | 429 | 500.. => {
                    let asked = retry_after(response.headers());
                    return Err(Broken::Again(format!("the answer is {status}"), asked));
                }
                _ => return Err(failed(format!("the answer is {status}"))),
            }
        }
        Err(failed(format!("it sends us on more than {MOST_HOPS} times")))
    }

    fn body(&self, want: &Want<'_>, partial: &mut Partial, mut response: reqwest::Response) -> Result<(), Broken> {
        if response.status().as_u16() == 206 {
            let range = text_of(response.headers(), CONTENT_RANGE);
            if !range.starts_with(&format!("bytes {}-", partial.have)) {
                partial.restart()?;
                return Err(Broken::Again("it goes on at another place".to_owned(), None));
            }
        } else {
            partial.restart()?;
        }
        let strong = |mark: &&HeaderValue| !mark.as_bytes().starts_with(b"W/");
        let marks = response.headers();
        partial.mark = marks.get(ETAG).filter(strong).or(marks.get(LAST_MODIFIED)).cloned();
        let total = response.content_length().map(|length| length + partial.have);
        let too_large = || Broken::End(NoFile::Failed(format!("the file is larger than {} bytes", want.get.most)));
        if total.is_some_and(|total| want.get.most < total) {
            return Err(too_large());
        }
        let mut heard = Instant::now();
        loop {
            if want.cancel.is_cancelled() {
                return Err(Broken::End(NoFile::Cancelled));
            }
            let next = self.wait(async move {
                let chunk = tokio::time::timeout(LOOK, response.chunk()).await;
                (response, chunk)
            });
            let Some((back, chunk)) = next else {
                return Err(Broken::End(NoFile::Failed(BROKE_DOWN.to_owned())));
            };
            response = back;
            match chunk {
                Err(_) if heard.elapsed() < self.timing.stall => {}
                Err(_) => return Err(Broken::Again("it sends nothing more".to_owned(), None)),
                Ok(Err(error)) => return Err(Broken::Again(fault(&error).said().to_owned(), None)),
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) => {
                    heard = Instant::now();
                    partial.have += chunk.len() as u64;
                    if want.get.most < partial.have {
                        return Err(too_large());
                    }
                    partial.file.write_all(&chunk).map_err(disk)?;
                    if let Some(total) = total.filter(|total| 0 < *total) {
                        (want.progress)((partial.have as f64 / total as f64) as f32);
                    }
                }
            }
        }
        match total {
            Some(total) if partial.have < total => Err(Broken::Again("the file is cut off".to_owned(), None)),
            _ => Ok(()),
        }
    }
}
