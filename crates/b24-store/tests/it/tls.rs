//! PostgreSQL over TLS: sealed when it is told so, and only with whom is trusted.

use b24::store::{Record, StoreFault, TokenKey, TokenStore};
use b24_store::PostgresStore;

use crate::server::Server;
use crate::stores::keys;

#[tokio::test]
async fn a_server_is_spoken_to_over_tls_if_its_certificate_is_trusted() {
    let server = Server::shared();
    // The server lets nobody into this one without TLS.
    let clear = server.database("sealed");
    let named = clear.replace("127.0.0.1", "localhost");
    let root = server.certificate();
    let keys = keys();
    let open = async |address: String| PostgresStore::open_with(&address, keys.clone()).await;
    let with = |address: &str, words: &str| format!("{address}?{words}");

    for words in [
        format!("sslmode=verify-full&sslrootcert={}", root.display()),
        format!("sslrootcert={}", root.display()),
    ] {
        let store = open(with(&named, &words)).await.unwrap();
        let key = TokenKey {
            client_id: "local.1".to_owned(),
            member_id: words,
        };
        let record = Record::from_bytes("sealed twice");
        assert!(store.swap(&key, 0, &record).await.unwrap());
        let loaded = store.load(&key).await.unwrap();
        assert_eq!(loaded.row.unwrap().record.expose(), b"sealed twice");
    }

    let in_the_clear = open(named.clone()).await.unwrap_err().to_string();
    assert!(in_the_clear.contains("no encryption"), "{in_the_clear}");
    let other_name = format!("sslmode=require&sslrootcert={}", root.display());
    for untrusted in [with(&named, "sslmode=require"), with(&clear, &other_name)] {
        let error = open(untrusted.clone()).await.unwrap_err();
        assert_eq!(error.fault(), StoreFault::Away, "{error}");
        let text = error.to_string();
        assert!(
            text.contains("invalid peer certificate"),
            "{untrusted}: {text}"
        );
    }
}
