//! A tap on the shoulder for jobs of the same process. Only a hint: jobs also look by themselves, and jobs of
//! other processes are never woken.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::transaction::{Queue, State};

/// One bell for each queue, one for the outbox, and one for what somebody else has to sign.
#[derive(Debug, Clone, Default)]
pub struct Wake {
    queues: Arc<[Notify; Queue::ALL.len()]>,
    events: Arc<Notify>,
    signings: Arc<Notify>,
}

impl Wake {
    /// A transaction reached this state: its queue has work, and so has the outbox.
    pub fn moved_to(&self, state: &State) {
        if let Some(queue) = state.queue() {
            self.queue(queue).notify_one();
        }
        self.events.notify_one();
    }

    /// Rings when a queue has work. A ring while nobody waits is kept for the next one who does.
    pub fn queue(&self, queue: Queue) -> &Notify {
        let [terms, funds, payments, attempts, trust, payouts, orders] = &*self.queues;
        match queue {
            Queue::Terms => terms,
            Queue::Funds => funds,
            Queue::Payments => payments,
            Queue::Attempts => attempts,
            Queue::Trust => trust,
            Queue::Payouts => payouts,
            Queue::Orders => orders,
        }
    }

    /// Rings when somebody else has something to sign.
    pub fn signings(&self) -> &Notify {
        &self.signings
    }

    /// Rings when there is news to deliver.
    pub fn events(&self) -> &Notify {
        &self.events
    }
}
