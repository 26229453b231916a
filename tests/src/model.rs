//! The protocol of attempts, in the small and with every interleaving: two workers without any lease that die between any
//! two steps, servers of which each answer may be behind, channel accounts, envelopes that land late, fail, or come again
//! as fee bumps.
//!
//! It states what `ops::submit`, `ops::confirm` and `ops::absence` rely on, and that nothing of it can be left
//! out: see `docs/internals/attempts.md`. Time is counted in ledgers.

use std::collections::HashSet;

/// What the protocol demands. Without any one of them something goes wrong, as the tests show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule that can be left out alone")]
pub struct Rules {
    /// The ledger refuses an envelope after its upper bound.
    pub bounded: bool,
    /// How far the server has read is asked before the look-up.
    pub latest_first: bool,
    /// An envelope is stored before it is sent.
    pub stored_first: bool,
    /// Not found is believed only if the account's sequence number agrees.
    pub sequence_agrees: bool,
    /// What was given up is looked for again before something new is signed.
    pub looked_for_again: bool,
    /// A fee bump is found by the hash of the envelope inside.
    pub found_inside: bool,
    /// A change is written only on the version that was read.
    pub versioned: bool,
}

impl Rules {
    /// The protocol as it is.
    pub const ALL: Self = Self {
        bounded: true,
        latest_first: true,
        stored_first: true,
        sequence_agrees: true,
        looked_for_again: true,
        found_inside: true,
        versioned: true,
    };
}

/// Ledgers until the exploration ends.
const END: u8 = 4;
/// An envelope may land for so many ledgers.
const LIFETIME: u8 = 1;
/// No server is further behind.
const LAG: u8 = 2;
const CHANNELS: u8 = 2;
/// More envelopes than these are not signed.
const ENVELOPES: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Standing {
    NotStored,
    Open,
    Applied,
    Void,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Landed {
    at: u8,
    succeeded: bool,
    as_bump: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Envelope {
    channel: u8,
    sequence: u8,
    bound: u8,
    standing: Standing,
    /// Under way in the network: as it is, and inside of a fee bump.
    sent: bool,
    bumped: bool,
    landed: Option<Landed>,
}

/// What the books say of the one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Books {
    Ready,
    Paying(usize),
    Paid,
    Held,
}

/// Where a worker stands, with what it remembers. It dies to `Idle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Worker {
    Idle,
    /// To be planned: how far a server had read.
    Plans {
        version: u8,
        latest: u8,
    },
    /// To be stored, then sent.
    Signed {
        version: u8,
        envelope: Envelope,
    },
    /// To be sent.
    Stored(usize),
    /// To be looked up, or (after the look-up, where the order is wrong) to be asked how far the server has read.
    Asks {
        version: u8,
        attempt: usize,
        checked: Option<u8>,
    },
    /// Not found past its bound: the account is to be asked.
    Doubts {
        version: u8,
        attempt: usize,
        checked: u8,
    },
    /// To be written.
    Closes {
        version: u8,
        attempt: usize,
        standing: Standing,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct State {
    time: u8,
    books: Books,
    version: u8,
    envelopes: [Option<Envelope>; ENVELOPES],
    workers: [Worker; 2],
}

/// What exploration found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explored {
    /// How many different states there are.
    pub states: usize,
    /// The first thing that must not happen, if it can.
    pub violation: Option<String>,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// The books are right about every envelope, nothing is delivered twice, everything comes to an end.
    Everything,
    /// Nothing is delivered twice, however wrong the books are.
    NothingTwice,
}

/// Visits every state that these rules allow, until one must not be.
pub fn explore(rules: Rules, demand: Demand) -> Explored {
    let begin = State {
        time: 0,
        books: Books::Ready,
        version: 0,
        envelopes: [None; ENVELOPES],
        workers: [Worker::Idle; 2],
    };
    let mut seen = HashSet::from([begin]);
    let mut open = vec![begin];
    let mut violation = None;
    while let Some(state) = open.pop() {
        violation = match demand {
            Demand::Everything => violated(&state).or_else(|| stuck(rules, state)),
            Demand::NothingTwice => violated(&state).filter(|what| what.starts_with(TWICE)),
        };
        if violation.is_some() {
            break;
        }
        for next in successors(rules, &state) {
            let next = next.canonical(rules);
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    Explored { states: seen.len(), violation }
}

const TWICE: &str = "delivered twice";

fn violated(state: &State) -> Option<String> {
    let landed = |envelope: &&Envelope| envelope.landed.is_some_and(|landed| landed.succeeded);
    let all = || state.envelopes.iter().flatten();
    let what = if all().filter(landed).count() > 1 {
        TWICE
    } else if all().filter(landed).any(|envelope| envelope.standing == Standing::Void) {
        "given up, and delivered all the same"
    } else if all().filter(landed).any(|envelope| envelope.standing == Standing::NotStored) {
        "delivered by an envelope that nobody knows"
    } else if state.books == Books::Paid && !all().any(|envelope| landed(&envelope)) {
        "paid in the books, and not delivered"
    } else {
        return None;
    };
    Some(format!("{what}: {state:?}"))
}

/// From here on nothing fails: is it delivered, or held, in the end?
///
/// Asked where both workers rest: they may die at any time, so that every state leads to such a one, and what a worker
/// remembers that lives on is stopped by the version.
fn stuck(rules: Rules, state: State) -> Option<String> {
    if state.workers != [Worker::Idle; 2] {
        return None;
    }
    let mut now = state;
    for _ in 0..40 {
        if matches!(now.books, Books::Paid | Books::Held) {
            return None;
        }
        // everything that can happen to the first worker with fresh answers, until it rests
        for _ in 0..8 {
            let Some(next) = steps(rules, &now, 0, 0).into_iter().next() else { break };
            now = next;
            if now.workers[0] == Worker::Idle {
                break;
            }
        }
        if now.envelopes.iter().all(Option::is_some) && now.books == Books::Ready {
            // this small world is out of envelopes, not the real one
            return None;
        }
        now = closed(rules, &now).into_iter().next_back().unwrap_or(now);
    }
    Some(format!("neither delivered nor held in the end: {state:?}"))
}

impl State {
    /// The same for all that can follow: the workers are one program, and whoever can do nothing any more but find
    /// that it is too late may as well have rested.
    fn canonical(mut self, rules: Rules) -> Self {
        for worker in self.workers.iter_mut().filter(|_| rules.versioned) {
            let only_writes = match worker {
                Worker::Plans { version, .. }
                | Worker::Doubts { version, .. }
                | Worker::Closes { version, .. } => Some(*version),
                Worker::Signed { version, envelope } if !envelope.sent => Some(*version),
                _ => None,
            };
            if only_writes.is_some_and(|version| version != self.version) {
                *worker = Worker::Idle;
            }
        }
        self.workers.sort_unstable();
        self
    }

    fn with(mut self, worker: usize, stands: Worker) -> Self {
        self.workers[worker] = stands;
        self
    }

    /// The last used sequence number of a channel, as a server shows it that has read up to `position`.
    fn sequence(&self, channel: u8, position: u8) -> u8 {
        let used = self.envelopes.iter().flatten().filter(|envelope| {
            envelope.channel == channel && envelope.landed.is_some_and(|landed| landed.at <= position)
        });
        u8::try_from(used.count()).unwrap_or(u8::MAX)
    }

    fn known_user(&self, of: &Envelope) -> bool {
        self.envelopes.iter().flatten().any(|other| {
            other.standing == Standing::Applied
                && (other.channel, other.sequence) == (of.channel, of.sequence)
                && other != of
        })
    }
}

fn successors(rules: Rules, state: &State) -> Vec<State> {
    let mut next = Vec::new();
    if state.time < END {
        next.extend(closed(rules, state));
    }
    for worker in 0..2 {
        if state.workers[worker] != Worker::Idle {
            next.push(state.with(worker, Worker::Idle));
        }
        next.extend(steps(rules, state, worker, LAG));
    }
    next
}

/// A ledger closes and takes any of what is under way, in any way; the last one takes everything, with success.
fn closed(rules: Rules, state: &State) -> Vec<State> {
    let mut next = vec![State { time: state.time + 1, ..*state }];
    for place in 0..ENVELOPES {
        for before in std::mem::take(&mut next) {
            next.push(before);
            let Some(envelope) = before.envelopes[place] else { continue };
            let at = before.time;
            let in_time = !rules.bounded || at <= envelope.bound;
            let is_next = before.sequence(envelope.channel, at) + 1 == envelope.sequence;
            if envelope.landed.is_some() || !in_time || !is_next {
                continue;
            }
            let ways = [(envelope.bumped, true), (envelope.sent, false)];
            for (_, as_bump) in ways.into_iter().filter(|(under_way, _)| *under_way) {
                // a bump that fails is a failure like any other
                for succeeded in if as_bump { &[true][..] } else { &[false, true] } {
                    let succeeded = *succeeded;
                    let mut after = before;
                    let landed = Some(Landed { at, succeeded, as_bump });
                    after.envelopes[place] =
                        Some(Envelope { landed, sent: false, bumped: false, ..envelope });
                    next.push(after);
                }
            }
        }
    }
    next
}

/// What a worker may do next, where servers are behind by up to `lag`. The first one is the best.
fn steps(rules: Rules, state: &State, worker: usize, lag: u8) -> Vec<State> {
    let positions = || (state.time.saturating_sub(lag)..=state.time).rev();
    let rests = state.with(worker, Worker::Idle);
    match state.workers[worker] {
        Worker::Idle => match state.books {
            Books::Ready => {
                let plans = |latest| state.with(worker, Worker::Plans { version: state.version, latest });
                positions().map(plans).collect()
            }
            Books::Paying(attempt) => {
                let version = state.version;
                let asks = |checked| state.with(worker, Worker::Asks { version, attempt, checked });
                if rules.latest_first {
                    positions().map(|latest| asks(Some(latest))).collect()
                } else {
                    let sees = |seen| look_up(rules, state, worker, version, attempt, seen);
                    positions().map(|seen| sees(seen).unwrap_or_else(|| asks(None))).collect()
                }
            }
            Books::Paid | Books::Held => Vec::new(),
        },
        Worker::Plans { version, latest } => plan(rules, state, worker, version, latest, lag),
        Worker::Signed { version, envelope } => store(rules, state, worker, version, envelope),
        Worker::Stored(attempt) => send(&rests, attempt),
        Worker::Asks { version, attempt, checked } => {
            let unfound = |checked| {
                let past = state.envelopes[attempt].is_some_and(|envelope| checked > envelope.bound);
                if past {
                    vec![state.with(worker, Worker::Doubts { version, attempt, checked })]
                } else {
                    send(&rests, attempt)
                }
            };
            match checked {
                None => positions().flat_map(unfound).collect(),
                Some(checked) => positions()
                    .flat_map(|seen| match look_up(rules, state, worker, version, attempt, seen) {
                        Some(found) => vec![found],
                        None => unfound(checked),
                    })
                    .collect(),
            }
        }
        Worker::Doubts { version, attempt, checked } => {
            let Some(envelope) = state.envelopes[attempt] else { return vec![rests] };
            let void = Worker::Closes { version, attempt, standing: Standing::Void };
            let believes = |position| {
                let unused =
                    state.sequence(envelope.channel, position) < envelope.sequence && position >= checked;
                !rules.sequence_agrees || unused || is_old(state, &envelope, checked)
            };
            positions()
                .map(|position| if believes(position) { state.with(worker, void) } else { rests })
                .collect()
        }
        Worker::Closes { version, attempt, standing } => {
            let mut closed = rests;
            let is_current = version == state.version && state.books == Books::Paying(attempt);
            if let (true, Some(envelope)) = (is_current || !rules.versioned, &mut closed.envelopes[attempt]) {
                envelope.standing = standing;
                closed.version += 1;
                closed.books = if standing == Standing::Applied { Books::Paid } else { Books::Ready };
            }
            vec![closed]
        }
    }
}

/// Long past its bound, or its number was used by an envelope that is known: not found is believed.
fn is_old(state: &State, envelope: &Envelope, checked: u8) -> bool {
    checked > envelope.bound + LAG || state.known_user(envelope)
}

/// What a server that has read up to `seen` shows of an envelope; `None`: nothing.
fn look_up(
    rules: Rules,
    state: &State,
    worker: usize,
    version: u8,
    attempt: usize,
    seen: u8,
) -> Option<State> {
    let landed = state.envelopes[attempt]?.landed?;
    let shown = landed.at <= seen && (rules.found_inside || !landed.as_bump);
    let standing = if landed.succeeded { Standing::Applied } else { Standing::Void };
    shown.then(|| state.with(worker, Worker::Closes { version, attempt, standing }))
}

fn plan(rules: Rules, state: &State, worker: usize, version: u8, latest: u8, lag: u8) -> Vec<State> {
    let mut next = Vec::new();
    let rests = state.with(worker, Worker::Idle);
    let positions = || (state.time.saturating_sub(lag)..=state.time).rev();
    // the first channel is the first one, whatever its name
    let is_first =
        state.envelopes[0].is_none() && !matches!(state.workers[1 - worker], Worker::Signed { .. });
    for channel in 0..if is_first { 1 } else { CHANNELS } {
        for (shown, seen) in positions().flat_map(|shown| positions().map(move |seen| (shown, seen))) {
            let used = state.sequence(channel, shown);
            let mut given_up =
                state.envelopes.iter().flatten().filter(|envelope| envelope.standing == Standing::Void);
            let found = |envelope: &Envelope| {
                envelope.landed.filter(|landed| landed.at <= seen && (rules.found_inside || !landed.as_bump))
            };
            // its own account is asked, by a server that is behind or not
            let is_unknown = |envelope: &Envelope| {
                let unused = shown >= seen && state.sequence(envelope.channel, shown) < envelope.sequence;
                found(envelope).is_none() && !unused && !is_old(state, envelope, seen)
            };
            let signed = state.envelopes.iter().flatten().count();
            if shown < latest || signed == ENVELOPES {
                next.push(rests);
            } else if rules.looked_for_again
                && given_up.clone().any(|envelope| found(envelope).is_some_and(|landed| landed.succeeded))
            {
                let is_current = version == state.version && state.books == Books::Ready;
                let books = if is_current { Books::Held } else { state.books };
                next.push(State { books, version: state.version + u8::from(is_current), ..rests });
            } else if rules.looked_for_again && given_up.any(is_unknown) {
                next.push(rests);
            } else {
                let envelope = Envelope {
                    channel,
                    sequence: used + 1,
                    bound: latest + LIFETIME,
                    standing: Standing::NotStored,
                    sent: !rules.stored_first,
                    bumped: false,
                    landed: None,
                };
                next.push(state.with(worker, Worker::Signed { version, envelope }));
            }
        }
    }
    next
}

fn store(rules: Rules, state: &State, worker: usize, version: u8, envelope: Envelope) -> Vec<State> {
    let rests = state.with(worker, Worker::Idle);
    let Some(place) = state.envelopes.iter().position(Option::is_none) else { return vec![rests] };
    let mut next = Vec::new();
    if envelope.sent {
        // sent already: whether it is stored after that is another matter
        let mut unknown = rests;
        unknown.envelopes[place] = Some(envelope);
        next.push(unknown);
    }
    let is_current = version == state.version && state.books == Books::Ready;
    let is_busy = state.envelopes.iter().flatten().any(|other| {
        other.standing == Standing::Open && (other.channel == envelope.channel || rules.versioned)
    });
    if (is_current || !rules.versioned) && !is_busy {
        let mut stored = state.with(worker, Worker::Stored(place));
        stored.envelopes[place] = Some(Envelope { standing: Standing::Open, ..envelope });
        (stored.books, stored.version) = (Books::Paying(place), state.version + 1);
        next.insert(0, stored);
    } else if next.is_empty() {
        next.push(rests);
    }
    next
}

/// Sent as it is or inside of a fee bump, or lost on the way.
fn send(rests: &State, attempt: usize) -> Vec<State> {
    let with = |change: fn(&mut Envelope)| {
        let mut sent = *rests;
        if let Some(envelope) = sent.envelopes[attempt].as_mut().filter(|envelope| envelope.landed.is_none())
        {
            change(envelope);
        }
        sent
    };
    let first = with(|envelope| envelope.sent = true);
    let again = with(|envelope| envelope.bumped = envelope.sent);
    vec![first, again, *rests]
}
