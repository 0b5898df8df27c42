//! Stores that cannot be used, and what they say.

use b24::store::{Record, SharedBudget, StoreError, StoreFault, TokenKey, TokenStore};
use b24_seen::Said;
use b24_store::{Keys, PostgresStore, SqliteStore};

use crate::server::{Server, is_root};
use crate::stores::keys;

fn key() -> TokenKey {
    TokenKey {
        client_id: "local.1".to_owned(),
        member_id: "m".to_owned(),
    }
}

fn says(error: &StoreError, fault: StoreFault, word: &str) {
    assert_eq!(error.fault(), fault, "{error}");
    assert!(error.to_string().contains(word), "{error}");
}

#[tokio::test]
async fn files_that_are_no_store_are_told_apart() {
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    let open = || SqliteStore::open_with(path.clone(), keys());

    std::fs::write(
        &path,
        "just some text that is longer than a header of a hundred bytes, ".repeat(9),
    )
    .unwrap();
    says(
        &open().await.unwrap_err(),
        StoreFault::Corrupt,
        "b24.db: it is no store",
    );

    std::fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE customers (id INTEGER)")
        .unwrap();
    drop(other);
    says(
        &open().await.unwrap_err(),
        StoreFault::Corrupt,
        "of something else",
    );

    std::fs::remove_file(&path).unwrap();
    drop(open().await.unwrap());
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    says(
        &open().await.unwrap_err(),
        StoreFault::Newer,
        "tables 99, known are 3",
    );

    let nowhere = directory.path().join("no/such/directory/b24.db");
    let missing = SqliteStore::open_with(nowhere, keys()).await.unwrap_err();
    says(&missing, StoreFault::Other, "cannot be made");
}

#[tokio::test]
async fn a_damaged_file_is_told() {
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    let keys = keys();
    let store = SqliteStore::open_with(&path, keys.clone()).await.unwrap();
    let record = Record::from_bytes(vec![7; 20_000]);
    store.swap(&key(), 0, &record).await.unwrap();
    drop(store);
    // The thread of the store closes the file after that, and writes the log back into it.
    while directory.path().join("b24.db-wal").exists() {
        tokio::task::yield_now().await;
    }
    let mut bytes = std::fs::read(&path).unwrap();
    for byte in &mut bytes[4096..] {
        *byte = 0x55;
    }
    std::fs::write(&path, bytes).unwrap();
    let error = match SqliteStore::open_with(&path, keys).await {
        Ok(store) => store.load(&key()).await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.fault(), StoreFault::Corrupt, "{error}");
}

/// Not a test: opens and writes a file that it may only read.
#[tokio::test]
#[ignore = "it is a process of another test"]
async fn reader() {
    let Ok(path) = std::env::var("B24_TEST_READ_ONLY") else {
        return;
    };
    let written = async {
        let store = SqliteStore::open(path).await?;
        let row = store.load(&key()).await?.row.unwrap();
        store.swap(&key(), row.version, &row.record).await
    };
    println!("{:?}", written.await.unwrap_err().fault());
}

/// In a process without the power of root to write everywhere.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_may_only_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    let key_text = b24_seen::secret(Keys::generate());
    let store = SqliteStore::open_with(&path, Keys::parse(&key_text).unwrap()).await;
    let record = Record::from_bytes(*b"kept");
    assert!(store.unwrap().swap(&key(), 0, &record).await.unwrap());
    while directory.path().join("b24.db-wal").exists() {
        tokio::task::yield_now().await;
    }
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
    let program = std::env::current_exe().unwrap();
    let mut process = std::process::Command::new(&program);
    if is_root() {
        process = std::process::Command::new("setpriv");
        process.args(["--inh-caps=-all", "--bounding-set=-all", "--"]);
        process.arg(program);
    }
    let output = process
        .args(["--exact", "bad_stores::reader", "--nocapture", "--ignored"])
        .env("B24_TEST_READ_ONLY", &path)
        .env("B24_STORE_KEY", key_text)
        .output()
        .said();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("ReadOnly"), "{said} {output:?}");
}

/// The database itself is told to be read-only.
#[tokio::test]
async fn a_postgres_that_cannot_be_written_is_told() {
    let server = Server::shared();
    let address = server.database("readonly");
    drop(PostgresStore::open_with(&address, keys()).await.unwrap());
    let read_only = format!("{address}?options=-c%20default_transaction_read_only%3Don");
    let store = PostgresStore::open_with(&read_only, keys()).await.unwrap();
    let error = store
        .swap(&key(), 0, &Record::from_bytes(*b"x"))
        .await
        .unwrap_err();
    says(&error, StoreFault::ReadOnly, "read, not write");
}

#[tokio::test]
async fn newer_tables_in_postgres_are_told() {
    let server = Server::shared();
    let address = server.database("newer");
    drop(PostgresStore::open_with(&address, keys()).await.unwrap());
    server.sql("newer", "INSERT INTO b24_schema VALUES (99)");
    let newer = PostgresStore::open_with(&address, keys())
        .await
        .unwrap_err();
    says(&newer, StoreFault::Newer, "tables 99, known are 3");
}

/// As when a stopped process or a lost route stands behind the port: the connection comes about, and nothing after it.
#[tokio::test(start_paused = true)]
async fn a_postgres_that_takes_the_connection_and_says_nothing_is_away() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let address = format!("postgresql://b24@127.0.0.1:{port}/b24");
    let opened = PostgresStore::open_for_budgets(&address);
    let opened = tokio::time::timeout(std::time::Duration::from_secs(60), opened).await;
    let error = opened.expect("an end").unwrap_err();
    says(&error, StoreFault::Away, "the server does not answer");
}

#[tokio::test]
async fn no_debug_shows_a_secret() {
    b24_seen::watch();
    let directory = b24_seen::folder();
    let text = b24_seen::secret(Keys::generate());
    let keys = Keys::parse(&text).unwrap();
    let store = SqliteStore::open_with(directory.path().join("b24.db"), keys.clone());
    b24_seen::shown(&(&keys, store.await.unwrap()));
    let server = Server::shared();
    let address = server.database("shown").replace("b24@", "b24:p4ssw0rd@");
    let store = PostgresStore::open_with(&address, keys).await;
    b24_seen::shown(&store.unwrap());
    assert!(b24_seen::text().contains("SqliteStore"));
    b24_seen::holds_no_secret(&[&text, "p4ssw0rd"]);
}

#[tokio::test]
async fn an_address_that_cannot_be_read_shows_no_password() {
    let address = "postgresql://b24:p4ssw0rd@host:port/db?x";
    let error = PostgresStore::open_with(address, keys()).await.unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("p4ssw0rd"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_store_for_budgets_needs_no_key_and_keeps_no_tokens() {
    let directory = b24_seen::folder();
    let path = directory.path().join("b24.db");
    let store = SqliteStore::open_for_budgets(&path).await.unwrap();
    let ask = b24::store::Ask {
        portal: "acme.bitrix24.com".to_owned(),
        credential: "a".to_owned(),
        burst: 50.0,
        rate: 2.0,
        within: std::time::Duration::MAX,
    };
    store.reserve(&ask).await.unwrap();
    let error = store.load(&key()).await.unwrap_err();
    says(&error, StoreFault::KeyMissing, "opened for budgets only");
    let tokens = SqliteStore::open_with(
        &path,
        Keys::parse(&b24_seen::secret(Keys::generate())).unwrap(),
    );
    assert_eq!(tokens.await.unwrap().load(&key()).await.unwrap().row, None);
}
