//! Deaths at every moment of a road.

use anchor_core::id::TransactionId;

use crate::world::{End, World};

/// Kills the process at every moment of `road` until there is no later one, each time in a new world; `check` looks at the
/// end. `make`: the world, and whatever else the check has to know. The road has more than `least` moments.
pub(crate) async fn at_every_moment<T>(
    least: usize,
    state: &'static str,
    make: impl AsyncFn() -> (World, T),
    road: impl AsyncFn(&World) -> TransactionId,
    check: impl AsyncFn(&World, &T, TransactionId, &str),
) {
    for ledger_goes_on in [false, true] {
        for moment in 0.. {
            let (world, beside) = make().await;
            let transaction = road(&world).await;
            let end = End { transaction, state };
            let died = world.settle_through_death(&end, moment, ledger_goes_on).await;
            let when = format!("killed at moment {moment}, ledger goes on: {ledger_goes_on}");
            assert_eq!(world.state(transaction).await, state, "{when}");
            check(&world, &beside, transaction, &when).await;
            if !died {
                assert!(moment > least, "the road has more moments than {moment}");
                break;
            }
        }
    }
}
