//! The store on both databases and in memory: the rules of every store, and what only a database can get wrong.
#![expect(clippy::expect_used, reason = "a test that cannot prepare its database fails")]

#[path = "store/broken.rs"]
mod broken;
#[path = "store/postgres.rs"]
mod postgres;
#[path = "store/schema.rs"]
mod schema;
#[path = "store/told.rs"]
mod told;

use anchor_core::store::diesel::DieselStore;
use anchor_core::testing::store::Fresh;
use anchor_core::testing::store::memory::MemoryStore;
use anchor_tests::database::TestDatabase;

async fn on(database: TestDatabase) -> Fresh {
    let store = DieselStore::open(database.url()).expect("a new database can be opened");
    Fresh::new(store, database)
}

mod sqlite {
    use super::*;

    pub(crate) async fn fresh() -> Option<Fresh> {
        Some(on(TestDatabase::migrated_sqlite()).await)
    }

    anchor_core::store_conformance!(fresh);
}

mod postgresql {
    use super::*;

    async fn fresh() -> Option<Fresh> {
        Some(on(TestDatabase::migrated_postgres()?).await)
    }

    anchor_core::store_conformance!(fresh);
}

mod memory {
    use super::*;

    async fn fresh() -> Option<Fresh> {
        Some(Fresh::new(MemoryStore::new(), ()))
    }

    anchor_core::store_conformance!(fresh);
}
