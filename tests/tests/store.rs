//! The store on both databases.

use anchor_core::store::Store as _;
use anchor_core::store::diesel::DieselStore;
use anchor_tests::on_each_database;
use anyhow::Result;

on_each_database! {
    async fn empty_store_answers(database: TestDatabase) -> Result<()> {
        let store = DieselStore::open(database.url())?;
        assert_eq!(store.pending_migrations().await?.len(), 1);
        assert_eq!(store.migrate().await?.len(), 1);
        assert!(store.migrate().await?.is_empty());
        assert!(store.pending_migrations().await?.is_empty());
        store.ping().await?;
        assert!(store.asset_list().await?.is_empty());
        Ok(())
    }
}
