use super::*;

fn ticket(access: &Access, method: &str) -> Ticket {
    let Right::Webhook(webhook) = &access.right else {
        unreachable!("these are webhooks")
    };
    Ticket {
        endpoint: access.webhook_endpoint(webhook, Version::V2, method),
        token: None,
    }
}

fn access(webhook: &str, trusted: &[&str]) -> Access {
    let webhook = WebhookUrl::parse_with(webhook, true).unwrap();
    let trusted = trusted.iter().map(|host| (*host).to_owned()).collect();
    Access::webhook(webhook, trusted)
}

fn follow(location: &str) -> (bool, String) {
    let access = access(
        "https://acme.bitrix24.com/rest/1/secret/",
        &["crm.example.org"],
    );
    access.follow(&ticket(&access, "profile"), location)
}

#[test]
fn a_renamed_portal_is_followed() {
    assert!(follow("https://acme-new.bitrix24.com/rest/1/secret/profile").0);
    assert!(follow("https://crm.example.org/rest/1/secret/profile").0);
}

#[test]
fn an_address_without_a_scheme_is_remembered_too() {
    let access = access("https://acme.bitrix24.com/rest/1/secret/", &[]);
    let moved = "//acme-new.bitrix24.com/rest/1/secret/profile";
    assert!(access.follow(&ticket(&access, "profile"), moved).0);
    assert_eq!(
        ticket(&access, "profile").endpoint,
        "https://acme-new.bitrix24.com/rest/1/secret/profile"
    );
}

#[test]
fn a_host_may_turn_to_https_and_neighbours_under_a_registry_are_strangers() {
    let follow = |from: &str, to: &str| {
        let access = access(from, &[]);
        access.follow(&ticket(&access, "profile"), to).0
    };
    let path = "rest/1/secret/profile";
    for (from, to, trusted) in [
        ("http://portal.local", "https://portal.local", true),
        ("https://acme.co.uk", "https://evil.co.uk", false),
        ("https://acme.com.br", "https://evil.com.br", false),
        (
            "https://acme.bitrix24.com.br",
            "https://new.bitrix24.com.br",
            true,
        ),
        ("https://crm.acme.co.uk", "https://b24.acme.co.uk", true),
        ("https://acme.bitrix24.ru", "https://new.bitrix24.ru", true),
    ] {
        assert_eq!(
            follow(&format!("{from}/rest/1/secret/"), &format!("{to}/{path}")),
            trusted,
            "{from} {to}"
        );
    }
}

#[test]
fn a_secret_does_not_go_to_strangers() {
    for location in [
        "https://evil.example/rest/1/secret/profile",
        "http://acme-new.bitrix24.com/rest/1/secret/profile",
        "https://acme-new.bitrix24.com/login",
        "https://acme.bitrix24.com.evil.example/rest/1/secret/profile",
        "https://acme-new.bitrix24.com:8443/rest/1/secret/profile",
        "::",
    ] {
        assert!(!follow(location).0, "{location}");
    }
    assert_eq!(
        follow("https://evil.example/rest/1/secret/profile").1,
        "evil.example"
    );
}

#[test]
fn a_token_stands_at_the_end_of_an_object_and_nowhere_else() {
    let signed = |body: &str| {
        with_auth(body.as_bytes(), "t\"1").map(|signed| String::from_utf8(signed.to_vec()).unwrap())
    };
    for (body, expected) in [
        ("{}", Some(r#"{"auth":"t\"1"}"#)),
        (" { } ", Some(r#"{ "auth":"t\"1"}"#)),
        (r#"{"a":[1]}"#, Some(r#"{"a":[1],"auth":"t\"1"}"#)),
        ("[1,2]", None),
        (r#"["{}"]"#, None),
        ("", None),
    ] {
        assert_eq!(signed(body).as_deref(), expected, "{body}");
    }
}
