//! Server-sent events with Horizon's conventions.
//!
//! A stream opens with `event: open`, sends each record with its paging token as `id`, and closes with
//! `event: close` after as many records as the limit says or after its lifetime; clients reconnect with
//! `Last-Event-ID`. Records are read when the socket has room for them, one page at a time, so a slow client
//! costs no more memory than a quick one.

use std::collections::VecDeque;

use actix_web::{
    HttpResponse,
    http::header,
    rt::time::{Instant, sleep_until},
    web::Bytes,
};
use futures_util::{Stream, stream::unfold};
use serde_json::Value;
use tokio::sync::watch;

use super::{
    call::{Answer, Call},
    problem::Problem,
};
use crate::{faults::StreamVerdict, replica::View};

const HELLO: &str = "retry: 1000\nevent: open\ndata: \"hello\"\n\n";
const GOODBYE: &str = "retry: 10\nevent: close\ndata: \"byebye\"\n\n";
const HEARTBEAT: &str = ":\n\n";

/// A record on its way to the client.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) body: Value,
}

/// Where a stream's records come from.
pub(crate) trait Source: Send {
    /// What is new in `view`, at most `room` records.
    fn next(&mut self, view: &View, room: usize) -> Result<Vec<Event>, Problem>;
}

/// Streams `source` until `limit` records are sent. A problem with the request itself is still a plain answer.
pub(crate) fn serve(call: &Call, limit: usize, mut source: impl Source + 'static) -> Answer {
    let closed = call.core.replica.subscribe();
    let first = source.next(&call.view, limit)?;
    let mut state = State {
        call: call.clone(),
        source,
        closed,
        stopping: call.core.stopping(),
        room: limit,
        queue: VecDeque::new(),
        heartbeat_at: Instant::now() + call.core.timing.heartbeat,
        ends_at: Instant::now() + call.core.timing.stream_lifetime,
        phase: Phase::Greeting,
    };
    state.enqueue(first);
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .streaming(state.into_stream()))
}

struct State<S> {
    call: Call,
    source: S,
    closed: watch::Receiver<u32>,
    stopping: watch::Receiver<bool>,
    room: usize,
    queue: VecDeque<Bytes>,
    heartbeat_at: Instant,
    ends_at: Instant,
    phase: Phase,
}

#[derive(PartialEq, Eq)]
enum Phase {
    Greeting,
    Open,
    Farewell,
    Ended,
}

enum Wake {
    Ledger,
    Heartbeat,
    End,
}

impl<S: Source + 'static> State<S> {
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
        unfold(self, |mut state| async move {
            let chunk = state.chunk().await?;
            Some((chunk, state))
        })
    }

    async fn chunk(&mut self) -> Option<Result<Bytes, std::io::Error>> {
        loop {
            if self.phase == Phase::Ended {
                return None;
            }
            if self.phase == Phase::Greeting {
                self.phase = Phase::Open;
                return Some(Ok(Bytes::from_static(HELLO.as_bytes())));
            }
            match self.call.core.faults.judge_stream(&self.call.path) {
                StreamVerdict::GoesOn => {}
                StreamVerdict::Drops => {
                    self.phase = Phase::Ended;
                    return Some(Err(std::io::ErrorKind::ConnectionReset.into()));
                }
                StreamVerdict::FallsSilent => {
                    let _ = self.stopping.wait_for(|stopping| *stopping).await;
                    return None;
                }
            }
            if let Some(chunk) = self.queue.pop_front() {
                return Some(Ok(chunk));
            }
            if self.phase == Phase::Farewell || self.room == 0 {
                self.phase = Phase::Ended;
                return Some(Ok(Bytes::from_static(GOODBYE.as_bytes())));
            }
            self.advance().await;
        }
    }

    async fn advance(&mut self) {
        match self.wake().await {
            Wake::Heartbeat => {
                self.heartbeat_at = Instant::now() + self.call.core.timing.heartbeat;
                self.queue.push_back(Bytes::from_static(HEARTBEAT.as_bytes()));
            }
            Wake::End => self.phase = Phase::Farewell,
            Wake::Ledger => {
                let lag = self.call.core.faults.lag(&self.call.path);
                let view = self.call.core.replica.view_behind(lag);
                match self.source.next(&view, self.room) {
                    Ok(events) => self.enqueue(events),
                    Err(problem) => {
                        self.queue.push_back(format!("event: error\ndata: {problem}\n\n").into());
                        self.phase = Phase::Farewell;
                    }
                }
            }
        }
    }

    async fn wake(&mut self) -> Wake {
        tokio::select! {
            biased;
            _ = self.stopping.wait_for(|stopping| *stopping) => Wake::End,
            () = sleep_until(self.ends_at) => Wake::End,
            changed = self.closed.changed() => if changed.is_ok() { Wake::Ledger } else { Wake::End },
            // a time, not a pause: ledgers that close more often than this would put it off for ever
            () = sleep_until(self.heartbeat_at) => Wake::Heartbeat,
        }
    }

    fn enqueue(&mut self, events: Vec<Event>) {
        for Event { id, body } in events.into_iter().take(self.room) {
            self.room -= 1;
            let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
            self.queue.push_back(format!("{id}data: {body}\n\n").into());
        }
    }
}
