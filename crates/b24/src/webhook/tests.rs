use proptest::prelude::*;

use super::{WebhookError, WebhookUrl};

const SECRET: &str = "s3cr3tk3y0f1234x";

#[test]
fn every_pasted_form_is_read() {
    let forms = [
        "https://acme.bitrix24.com/rest/1/SECRET",
        "https://acme.bitrix24.com/rest/1/SECRET/",
        "https://acme.bitrix24.com//rest//1//SECRET//",
        "https://acme.bitrix24.com/rest/api/1/SECRET",
        "https://acme.bitrix24.com/rest/1/SECRET/profile",
        "https://acme.bitrix24.com/rest/1/SECRET/crm.deal.list.json",
        "https://acme.bitrix24.com/rest/1/SECRET/crm.deal.list.xml?filter[>ID]=5#top",
        "https://acme.bitrix24.com/rest/api/1/SECRET/tasks.task.get",
        "  https://acme.bitrix24.com/rest/1/SECRET/ \r\n",
        "<https://acme.bitrix24.com/rest/1/SECRET/>",
        "\"https://acme.bitrix24.com/rest/1/SECRET/\",",
        "«https://acme.bitrix24.com/rest/1/SECRET/»",
        "\u{feff}'https://acme.bitrix24.com/rest/1/SECRET'",
        "HTTPS://ACME.Bitrix24.COM/rest/1/SECRET",
        "https://acme.bitrix24.com:443/rest/1/SECRET",
        "acme.bitrix24.com/rest/1/SECRET/",
        "acme.bitrix24.com:443/rest/1/SECRET/event.bind?handler=https://h/",
    ];
    for form in forms {
        let webhook = WebhookUrl::parse(&form.replace("SECRET", SECRET)).expect(form);
        assert_eq!(webhook.base(), "https://acme.bitrix24.com/", "{form}");
        assert_eq!(webhook.user(), 1, "{form}");
        assert_eq!(
            webhook.expose(),
            format!("https://acme.bitrix24.com/rest/1/{SECRET}/")
        );
    }
}

#[test]
fn port_prefix_and_idn_are_kept() {
    let base_of = |text: &str| WebhookUrl::parse(text).unwrap().base().to_owned();
    assert_eq!(
        base_of("https://box.local:8443/rest/1/abc"),
        "https://box.local:8443/"
    );
    assert_eq!(
        base_of("https://h/crm/portal/rest/api/12/abc/x"),
        "https://h/crm/portal/"
    );
    assert_eq!(
        base_of("https://h/rest/inside/rest/1/abc"),
        "https://h/rest/inside/"
    );
    assert_eq!(
        base_of("https://Портал.рф/rest/1/abc/"),
        "https://xn--80awhdgm.xn--p1ai/"
    );
    let port = WebhookUrl::parse("https://h:8443/sub/rest/1/abc").unwrap();
    assert_eq!(port.origin(), "https://h:8443");
    assert_eq!(base_of("https://[::1]:9/rest/1/abc/"), "https://[::1]:9/");
}

#[test]
fn endpoints_are_built_for_both_versions() {
    let webhook = WebhookUrl::parse("https://h/sub/rest/7/abc/").unwrap();
    assert_eq!(
        webhook.v2("crm.deal.get"),
        "https://h/sub/rest/7/abc/crm.deal.get"
    );
    assert_eq!(
        webhook.v3("tasks.task.get"),
        "https://h/sub/rest/api/7/abc/tasks.task.get"
    );
    assert_eq!(
        webhook.v2("a/../b?c#d"),
        "https://h/sub/rest/7/abc/a%2F..%2Fb%3Fc%23d"
    );
    assert_eq!(WebhookUrl::parse(&webhook.expose()), Ok(webhook));
}

#[test]
fn plain_http_is_for_this_machine_or_when_asked_for() {
    for host in [
        "127.0.0.1:8024",
        "127.9.9.9",
        "localhost",
        "b24.localhost:1",
        "[::1]:8024",
    ] {
        let webhook = WebhookUrl::parse(&format!("http://{host}/rest/1/abc/")).expect(host);
        assert!(!webhook.is_https());
    }
    for host in [
        "acme.bitrix24.com",
        "192.168.0.7",
        "localhost.evil.com",
        "127.0.0.1.nip.io",
    ] {
        let text = format!("http://{host}/rest/1/abc/");
        assert_eq!(
            WebhookUrl::parse(&text),
            Err(WebhookError::PlainHttp),
            "{host}"
        );
        assert!(WebhookUrl::parse_with(&text, true).is_ok(), "{host}");
    }
}

#[test]
fn anything_else_has_its_own_error() {
    use WebhookError::{
        Address, Credentials, Empty, NoSecret, NotRest, PlainHttp, Scheme, Secret, User,
    };
    let cases = [
        ("", Empty),
        (" <> ", Empty),
        ("https://", Address),
        ("https:///", Address),
        ("not an address", Address),
        ("ftp://acme.bitrix24.com/rest/1/abc/", Scheme),
        ("http://acme.bitrix24.com/rest/1/abc/", PlainHttp),
        (
            "https://user:pass@acme.bitrix24.com/rest/1/abc/",
            Credentials,
        ),
        ("https://acme.bitrix24.com/", NotRest),
        ("https://acme.bitrix24.com/crm/deal/details/5/", NotRest),
        (
            "https://acme.bitrix24.com/company/personal/user/1/tasks/",
            NotRest,
        ),
        ("https://acme.bitrix24.com/rest/", User),
        ("https://acme.bitrix24.com/rest/crm.deal.get", User),
        ("https://acme.bitrix24.com/rest/admin/abc/", User),
        ("https://acme.bitrix24.com/rest/-1/abc/", User),
        (
            "https://acme.bitrix24.com/rest/99999999999999999999/abc/",
            User,
        ),
        ("https://acme.bitrix24.com/rest/1/", NoSecret),
        ("https://acme.bitrix24.com/rest/1/crm.deal.get", NoSecret),
        ("https://acme.bitrix24.com/rest/api/1", NoSecret),
        ("https://acme.bitrix24.com/rest/1/***/", Secret),
        ("https://acme.bitrix24.com/rest/1/k3y…", Secret),
        ("https://acme.bitrix24.com/rest/1/k3y/../", NoSecret),
        ("https://acme.bitrix24.com/rest/1/{secret}/", Secret),
        ("https://acme.bitrix24.com/rest/1/k3 y/", Secret),
    ];
    for (text, error) in cases {
        assert_eq!(WebhookUrl::parse(text), Err(error), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_no_message_shows_the_secret(
        before in "(https?://)?[a-z./:@]{0,20}/rest/(api/)?",
        user in "[0-9a-z]{0,3}",
        after in "[/?#.%]{0,3}[a-z.]{0,8}",
    ) {
        let text = format!("{before}{user}/{SECRET}{after}");
        match WebhookUrl::parse(&text) {
            Ok(webhook) => {
                prop_assert!(!webhook.to_string().contains(SECRET));
                let shown = format!("{webhook:?}");
                prop_assert!(!shown.contains(SECRET));
            }
            Err(error) => {
                prop_assert!(!error.to_string().contains(SECRET));
            }
        }
    }
}
