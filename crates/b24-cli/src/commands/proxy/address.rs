//! What an address asks for.

use b24::Version;

/// The parts of an address below `/rest/`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) version: Version,
    /// The token in the path.
    pub(super) token: Option<String>,
    /// As it stands in the path, or in the parameter `method`.
    pub(super) method: Option<String>,
}

impl Asked {
    /// Reads `/rest/[api/]1/TOKEN/METHOD` and `/rest/[api/]METHOD`; `None` for any other path.
    pub(super) fn read(path: &str, query: Option<&str>) -> Option<Self> {
        let mut segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if segments.first() != Some(&"rest") {
            return None;
        }
        segments.remove(0);
        let version = if segments.first() == Some(&"api") {
            segments.remove(0);
            Version::V3
        } else {
            Version::V2
        };
        let is_user = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let (token, method) = match segments.as_slice() {
            [] => (None, None),
            [method] => (None, Some(*method)),
            [user, token] if is_user(user) => (Some(*token), None),
            [user, token, method] if is_user(user) => (Some(*token), Some(*method)),
            _ => return None,
        };
        let method = match method {
            Some(method) => Some(method.to_owned()),
            None => parameter(query, &["method"]),
        };
        Some(Self {
            version,
            token: token.map(str::to_owned),
            method,
        })
    }
}

/// The first of these parameters in a query.
pub(super) fn parameter(query: Option<&str>, names: &[&str]) -> Option<String> {
    url::form_urlencoded::parse(query?.as_bytes())
        .find(|(name, _)| names.contains(&&**name))
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_portal_reads_them() {
        let read = |address: &str| {
            let (path, query) = match address.split_once('?') {
                Some((path, query)) => (path, Some(query)),
                None => (address, None),
            };
            let Asked {
                version,
                token,
                method,
            } = Asked::read(path, query)?;
            Some((version, token, method))
        };
        let some = |text: &str| Some(text.to_owned());
        for (address, version, token, method) in [
            ("/rest/1/t/profile", Version::V2, some("t"), some("profile")),
            (
                "/rest/17/t/crm.deal.list.json",
                Version::V2,
                some("t"),
                some("crm.deal.list.json"),
            ),
            (
                "/rest/1/t/download/?token=x",
                Version::V2,
                some("t"),
                some("download"),
            ),
            (
                "//rest//1/t//profile/",
                Version::V2,
                some("t"),
                some("profile"),
            ),
            (
                "/rest/1/t/?method=profile",
                Version::V2,
                some("t"),
                some("profile"),
            ),
            ("/rest/1/t", Version::V2, some("t"), None),
            (
                "/rest/profile.json",
                Version::V2,
                None,
                some("profile.json"),
            ),
            (
                "/rest/api/1/t/tasks.task.get",
                Version::V3,
                some("t"),
                some("tasks.task.get"),
            ),
            ("/rest/api/batch", Version::V3, None, some("batch")),
            ("/rest/", Version::V2, None, None),
        ] {
            assert_eq!(read(address), Some((version, token, method)), "{address}");
        }
        for wrong in ["/", "/crm/deal/", "/rest/anna/t/profile", "/rest/1/t/a/b"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
