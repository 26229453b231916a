//! Many groups of changes, each a unit of its own.
//!
//! Nearly always nothing stands in the way of any of them, so they share a commit; if something does, it is looked for in
//! halves. Nothing that one group does is visible to another before it is committed: they are about different
//! transactions, and the schema decides between two that are not.

use std::ops::Range;
use std::sync::Arc;

use futures_util::future::try_join_all;

use super::changes;
use super::connection::AnyConnection;
use super::pool::Database;
use super::url::DatabaseUrl;
use crate::store::{StoreError, Stored};
use crate::transaction::Change;

/// So many changes are worth a connection of their own: a server of PostgreSQL works on each connection with one processor.
#[cfg(feature = "postgres")]
const LANE: usize = 200;

/// Most connections for one call: several workers have several calls at once.
#[cfg(feature = "postgres")]
const LANES_MAX: usize = 2;

/// Answers in the order of the groups.
pub(super) async fn apply(
    database: &Database,
    groups: Arc<Vec<Vec<Change>>>,
) -> Result<Vec<Stored>, StoreError> {
    let lanes = lanes(database, &groups).into_iter().map(|lane| in_halves(database, &groups, lane));
    Ok(try_join_all(lanes).await?.into_iter().flatten().collect())
}

/// About as many changes each.
fn lanes(database: &Database, groups: &[Vec<Change>]) -> Vec<Range<usize>> {
    let changes: usize = groups.iter().map(Vec::len).sum();
    let count = match database.url() {
        // one writer at a time
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(_) => 1,
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(_) => (changes / LANE).clamp(1, LANES_MAX),
    };
    let (mut lanes, mut begin, mut written) = (Vec::with_capacity(count), 0, 0);
    for (place, group) in groups.iter().enumerate() {
        written += group.len();
        if written >= changes.div_ceil(count) {
            lanes.push(begin..place + 1);
            (begin, written) = (place + 1, 0);
        }
    }
    if begin < groups.len() || lanes.is_empty() {
        lanes.push(begin..groups.len());
    }
    lanes
}

async fn in_halves(
    database: &Database,
    groups: &Arc<Vec<Vec<Change>>>,
    lane: Range<usize>,
) -> Result<Vec<Stored>, StoreError> {
    let mut stored = Vec::with_capacity(lane.len());
    let mut rest = vec![lane];
    while let Some(range) = rest.pop() {
        match together(database, groups, range.clone()).await? {
            Stored::Applied => stored.extend(range.map(|_| Stored::Applied)),
            alone if range.len() == 1 => stored.push(alone),
            _ => {
                let middle = range.start + range.len() / 2;
                // the first half is next
                rest.extend([middle..range.end, range.start..middle]);
            }
        }
    }
    Ok(stored)
}

/// All of these, or none and what stands in the way.
async fn together(
    database: &Database,
    groups: &Arc<Vec<Vec<Change>>>,
    range: Range<usize>,
) -> Result<Stored, StoreError> {
    let groups = Arc::clone(groups);
    let apply = move |connection: &mut AnyConnection| {
        let groups: Vec<&[Change]> =
            groups.iter().take(range.end).skip(range.start).map(Vec::as_slice).collect();
        changes::apply(connection, &groups, false).map(changes::end)
    };
    database.write_or_not("transaction_apply_groups", apply).await
}
