//! The contract, for each store; and what is theirs alone.

use std::sync::Arc;
use std::time::Duration;

use b24::MemoryStore;
use b24::store::{Record, StoreFault, TokenKey, TokenStore};
use b24_store::{Keys, PostgresStore, SqliteStore};

use crate::contract;
use crate::server::Server;

pub(crate) fn keys() -> Keys {
    Keys::parse(&b24_seen::secret(Keys::generate())).unwrap()
}

#[tokio::test]
async fn memory_holds_to_the_contract() {
    let store = Arc::new(MemoryStore::new());
    contract::tokens(Arc::clone(&store) as _).await;
    contract::budget(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_holds_to_the_contract() {
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    let store = Arc::new(SqliteStore::open_with(&path, keys()).await.unwrap());
    contract::tokens(Arc::clone(&store) as _).await;
    contract::budget(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_holds_to_the_contract() {
    let server = Server::shared();
    let address = server.database("contract");
    let store = Arc::new(PostgresStore::open_with(&address, keys()).await.unwrap());
    contract::tokens(Arc::clone(&store) as _).await;
    contract::budget(store).await;
}

fn key() -> TokenKey {
    TokenKey {
        client_id: "local.1".to_owned(),
        member_id: "m".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_of_one_file_are_one() {
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    let keys = keys();
    let open = || SqliteStore::open_with(&path, keys.clone());
    let (one, two) = tokio::join!(open(), open());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(
        one.swap(&key(), 0, &Record::from_bytes(*b"by one"))
            .await
            .unwrap()
    );
    let row = two.load(&key()).await.unwrap().row.unwrap();
    assert_eq!(row.record.expose(), b"by one");
    assert!(
        !two.swap(&key(), 0, &Record::from_bytes(*b"late"))
            .await
            .unwrap()
    );
}

/// Each thread has a connection of its own, as a process has.
#[test]
fn a_new_file_is_opened_by_many_at_once() {
    let keys = keys();
    for _ in 0..20 {
        let directory = b24_seen::folder();
        let path = directory.path().join("b24.db");
        let start = std::sync::Barrier::new(16);
        let open = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            start.wait();
            let open = SqliteStore::open_with(&path, keys.clone());
            runtime.unwrap().block_on(open).map(drop)
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(open)).collect();
            for thread in threads {
                thread.join().unwrap().unwrap();
            }
        });
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_of_tokens_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    let store = SqliteStore::open_with(&path, keys()).await.unwrap();
    store
        .swap(&key(), 0, &Record::from_bytes(*b"t0ken-in-clear"))
        .await
        .unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let path = file.unwrap().path();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(14).any(|window| window == b"t0ken-in-clear");
        assert!(!found, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_in_sqlite_and_postgres() {
    let [old, new] = [(); 2].map(|()| b24_seen::secret(Keys::generate()));
    let parse = |text: &str| Keys::parse(text).unwrap();
    let both = format!("{new}\n{old}");
    let record = Record::from_bytes(*b"kept");

    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    let open = |keys: &str| SqliteStore::open_with(path.clone(), parse(keys));
    open(&old)
        .await
        .unwrap()
        .swap(&key(), 0, &record)
        .await
        .unwrap();
    assert_eq!(open(&new).await.unwrap_err().fault(), StoreFault::KeyWrong);
    let rotating = open(&both).await.unwrap();
    assert_eq!(rotating.stale().await.unwrap(), 1);
    assert_eq!(rotating.reseal().await.unwrap(), 1);
    assert_eq!(rotating.stale().await.unwrap(), 0);
    assert_eq!(rotating.reseal().await.unwrap(), 0);
    let row = open(&new).await.unwrap().load(&key()).await.unwrap().row;
    assert_eq!(row.unwrap().record, record);
    assert_eq!(open(&old).await.unwrap_err().fault(), StoreFault::KeyWrong);

    let server = Server::shared();
    let address = server.database("rotation");
    let open = |keys: &str| {
        let (address, keys) = (address.clone(), parse(keys));
        async move { PostgresStore::open_with(&address, keys).await }
    };
    open(&old)
        .await
        .unwrap()
        .swap(&key(), 0, &record)
        .await
        .unwrap();
    assert_eq!(open(&new).await.unwrap_err().fault(), StoreFault::KeyWrong);
    let rotating = open(&both).await.unwrap();
    assert_eq!(rotating.stale().await.unwrap(), 1);
    assert_eq!(rotating.reseal().await.unwrap(), 1);
    assert_eq!(rotating.stale().await.unwrap(), 0);
    let row = open(&new).await.unwrap().load(&key()).await.unwrap().row;
    assert_eq!(row.unwrap().record, record);
}

/// A store as the first version made it, with tokens in it and a place taken.
#[tokio::test(flavor = "multi_thread")]
async fn older_tables_are_brought_up_to_date() {
    let keys = keys();
    let record = Record::from_bytes(*b"kept");
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    let open = || SqliteStore::open_with(&path, keys.clone());
    let store = open().await.unwrap();
    assert!(store.swap(&key(), 0, &record).await.unwrap());
    drop(store);
    let older = "ALTER TABLE places DROP COLUMN taken_at; PRAGMA user_version = 1";
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(older).unwrap();
    file.execute("INSERT INTO places VALUES ('burst.example', 1.0)", ())
        .unwrap();
    let spent = "INSERT INTO spent VALUES ('acme.bitrix24.com', 'fnv', 'm', 1.0, 2.0, 3.0)";
    file.execute(spent, ()).unwrap();
    let store = open().await.unwrap();
    let count = file.query_row("SELECT count(*) FROM spent", (), |row| row.get::<_, i64>(0));
    assert_eq!(count.unwrap(), 0, "of names that could be turned back");
    assert_eq!(
        store.load(&key()).await.unwrap().row.unwrap().record,
        record
    );
    contract::budget(Arc::new(store)).await;

    let server = Server::shared();
    let address = server.database("older");
    let open = || PostgresStore::open_with(&address, keys.clone());
    let store = open().await.unwrap();
    assert!(store.swap(&key(), 0, &record).await.unwrap());
    drop(store);
    for older in [
        "ALTER TABLE b24_places DROP COLUMN taken_at",
        "UPDATE b24_schema SET version = 1",
        "INSERT INTO b24_places VALUES ('burst.example', 1.0)",
        "INSERT INTO b24_spent VALUES ('acme.bitrix24.com', 'fnv', 'm', 1, 2, 3)",
    ] {
        server.sql("older", older);
    }
    let store = open().await.unwrap();
    assert_eq!(
        store.load(&key()).await.unwrap().row.unwrap().record,
        record
    );
    server.sql(
        "older",
        "DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM b24_spent); END $$",
    );
    contract::budget(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_goes_and_comes_back() {
    let server = Server::start();
    let address = server.database("away");
    let store = PostgresStore::open_with(&address, keys()).await.unwrap();
    let record = Record::from_bytes(*b"kept");
    assert!(store.swap(&key(), 0, &record).await.unwrap());
    server.stop();
    for _ in 0..2 {
        let away = store.load(&key()).await.unwrap_err();
        assert_eq!(away.fault(), StoreFault::Away, "{away}");
    }
    let unopened = PostgresStore::open_with(&address, keys())
        .await
        .unwrap_err();
    assert_eq!(unopened.fault(), StoreFault::Away, "{unopened}");
    server.resume();
    let begun = std::time::Instant::now();
    let row = loop {
        match store.load(&key()).await {
            Ok(loaded) => break loaded.row.unwrap(),
            Err(away) => assert_eq!(away.fault(), StoreFault::Away, "{away}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(20));
    };
    assert_eq!((row.record, row.version), (record, 1));
}
