//! Which call a path means.

use percent_encoding::percent_decode_str;

use crate::play::Version;

/// What a path under `/rest/` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) version: Version,
    /// Without one, v2 looks for a parameter of that name.
    pub(super) method: Option<String>,
    /// User (id or login) and secret.
    pub(super) webhook: Option<(String, String)>,
    pub(super) asks_for_xml: bool,
}

impl Route {
    /// Doubled slashes count as one; `None` outside `/rest/`.
    pub(super) fn of(path: &str) -> Option<Self> {
        let segment = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let segments: Vec<_> = path
            .split('/')
            .filter(|text| !text.is_empty())
            .map(segment)
            .collect();
        let (rest, segments) = segments.split_first()?;
        if rest != "rest" {
            return None;
        }
        let (version, method, webhook) = match segments {
            [api, method] if api == "api" => (Version::V3, Some(method), None),
            [api, user, secret, method] if api == "api" => {
                (Version::V3, Some(method), Some((user, secret)))
            }
            [method] => (Version::V2, Some(method), None),
            [user, secret, method] => (Version::V2, Some(method), Some((user, secret))),
            _ => (Version::V2, None, None),
        };
        let mut route = Self {
            version,
            method: method.cloned(),
            webhook: webhook.map(|(user, secret)| (user.clone(), secret.clone())),
            asks_for_xml: false,
        };
        route.strip_transport();
        Some(route)
    }

    /// `.json` and `.xml` after a v2 method name its transport.
    fn strip_transport(&mut self) {
        let Some(method) = self.method.as_mut().filter(|_| self.version == Version::V2) else {
            return;
        };
        if let Some((name, transport @ ("json" | "xml"))) = method.rsplit_once('.') {
            self.asks_for_xml = transport == "xml";
            *method = name.to_owned();
        }
    }
}

/// The method that a path names, without looking at the parameters; `None` outside `/rest/`.
pub(super) fn method_of(path: &str) -> Option<String> {
    Route::of(path).map(|route| route.method.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Route, Version};

    fn route(path: &str) -> (Version, Option<String>, Option<(String, String)>) {
        let route = Route::of(path).unwrap();
        (route.version, route.method, route.webhook)
    }

    #[test]
    fn paths_are_told_apart_by_their_segments() {
        let hook = Some(("1".to_owned(), "s".to_owned()));
        let method = |name: &str| Some(name.to_owned());
        for path in [
            "/rest/1/s/crm.deal.list",
            "/rest//1///s/crm.deal.list/",
            "//rest/1/s/crm.deal.list.json",
        ] {
            assert_eq!(
                route(path),
                (Version::V2, method("crm.deal.list"), hook.clone()),
                "{path}"
            );
        }
        assert_eq!(
            route("/rest/profile"),
            (Version::V2, method("profile"), None)
        );
        assert_eq!(
            route("/rest/api/1/s/tasks.task.list.json"),
            (Version::V3, method("tasks.task.list.json"), hook)
        );
        assert_eq!(
            route("/rest/api/documentation/"),
            (Version::V3, method("documentation"), None)
        );
        assert_eq!(route("/rest/"), (Version::V2, None, None));
        assert_eq!(route("/rest/1/s"), (Version::V2, None, None));
        assert!(Route::of("/rest/1/s/profile.xml").unwrap().asks_for_xml);
        assert_eq!(
            Route::of("/rest/im.v2.Chat.get").unwrap().method,
            method("im.v2.Chat.get")
        );
        assert_eq!(Route::of("/bitrix/admin"), None);
    }
}
