//! The budget of requests that the processes of this user share.

use b24::store::{Answer, Ask, Spent, StoreError};
use b24::{BoxFuture, SharedBudget};
use b24_store::SqliteStore;
use tokio::sync::OnceCell;

use super::tokens::without_key;

/// Opened at the first request. A store that cannot be opened is one that is away: the client warns, takes a part of the
/// limits, and asks again later.
#[derive(Debug, Default)]
pub(super) struct Budget(OnceCell<SqliteStore>);

impl Budget {
    async fn store(&self) -> Result<&SqliteStore, StoreError> {
        self.0.get_or_try_init(without_key).await
    }
}

impl SharedBudget for Budget {
    fn reserve<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Answer, StoreError>> {
        Box::pin(async move { self.store().await?.reserve(ask).await })
    }

    fn refused<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.store().await?.refused(ask).await })
    }

    fn spent<'a>(
        &'a self,
        portal: &'a str,
        credential: &'a str,
        spent: &'a Spent,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.store().await?.spent(portal, credential, spent).await })
    }
}
