//! What the SDK reports, in the words of the command. The only place that does this.

use b24::{ApiError, Denial, Reason};

use super::{Failure, Kind, closest};
use crate::catalogue::{self, Version};
use crate::printer::time_after;
use crate::session::Connection;

/// The message for an error of the SDK.
pub(crate) fn from_sdk(error: &b24::Error, connection: Option<&Connection>) -> Failure {
    from_case(&Case {
        error,
        host: error
            .portal()
            .or(connection.map(|to| to.host.as_str()))
            .unwrap_or("the portal"),
        method: error.method().unwrap_or("the call"),
        profile: connection.and_then(|to| to.profile.as_deref()),
        means: connection.map_or("webhook", Connection::means),
    })
}

pub(super) fn from_case(case: &Case<'_>) -> Failure {
    let error = case.error;
    let mut failure = match error.reason() {
        _ if error.kind() == b24::Kind::Unknown => case.unknown(),
        Reason::Api(api) => case.refused(api),
        Reason::Page { .. } => case.page(),
        Reason::Connect(why) => case.unreachable(why),
        Reason::Limit { limit, wait } => case.limit(format!(
            "{} has used its {limit}; it is free again at {}, after the deadline",
            case.method,
            time_after(*wait)
        )),
        Reason::Redirect { host } => case.moved(host),
        Reason::Token(why) => case.tokens(why),
        Reason::Timeout(_) => case.plain().hint("--timeout gives one request more time"),
        _ => case.plain(),
    };
    failure.method = error.method().map(str::to_owned);
    failure.code = error.code().map(str::to_owned);
    failure.status = error.status();
    failure.may_have_run = error.may_have_run();
    failure.request_id = error.request_id().map(str::to_owned);
    if failure.portal.is_none() {
        failure.portal = words(error);
    }
    failure
}

/// The portal's own words, and what it says about single fields.
fn words(error: &b24::Error) -> Option<String> {
    let mut words = error.description().unwrap_or_default().trim().to_owned();
    for remark in error.validation() {
        let field = remark
            .field
            .as_deref()
            .map(|field| format!("{field}: "))
            .unwrap_or_default();
        words = format!("{words} [{field}{}]", remark.message);
    }
    portal_words(&words)
}

/// What a portal says, as it is quoted: at most 300 characters; `None`: nothing.
pub(crate) fn portal_words(text: &str) -> Option<String> {
    let words: String = text.trim().chars().take(300).flat_map(escaped).collect();
    (!words.is_empty()).then_some(words)
}

fn escaped(character: char) -> Vec<char> {
    if character.is_control() {
        character.escape_default().collect()
    } else {
        vec![character]
    }
}

impl From<b24::Kind> for Kind {
    fn from(kind: b24::Kind) -> Self {
        match kind {
            b24::Kind::Usage => Self::Usage,
            b24::Kind::Refused => Self::Refused,
            b24::Kind::Auth => Self::Auth,
            b24::Kind::Temporary => Self::Temporary,
            b24::Kind::Unknown => Self::Unknown,
            b24::Kind::Local => Self::Local,
            _ => Self::Answer,
        }
    }
}

/// One error, and what its message needs to know.
pub(super) struct Case<'a> {
    pub(super) error: &'a b24::Error,
    pub(super) host: &'a str,
    pub(super) method: &'a str,
    pub(super) profile: Option<&'a str>,
    /// `webhook` or `application`: by what it is connected.
    pub(super) means: &'static str,
}

impl Case<'_> {
    pub(super) fn failure(&self, message: impl Into<String>) -> Failure {
        Failure::new(self.error.kind().into(), message)
    }

    /// The SDK's own line, and what its kind says about the portal.
    pub(super) fn plain(&self) -> Failure {
        let failure = self.failure(self.error.to_string());
        match self.error.kind() {
            b24::Kind::Usage | b24::Kind::Local => failure.state("nothing was sent"),
            b24::Kind::Refused => failure.state("nothing changed"),
            b24::Kind::Temporary if !self.error.may_have_run() => {
                failure.state("nothing changed; it is safe to repeat")
            }
            b24::Kind::Temporary => failure.state("it may have run; repeating it does no harm"),
            _ => failure,
        }
    }

    fn unknown(&self) -> Failure {
        let failure = self
            .failure(format!("{}; it may have run", self.error))
            .state("unknown; it was not sent again");
        match self.reader() {
            Some(list) => {
                failure.hint(format!("look first whether it is there: b24 export {list}"))
            }
            None => failure.hint("look on the portal first whether it was carried out"),
        }
    }

    /// The list method beside a write, if it needs no more than its name: `crm.deal.list` for
    /// `crm.deal.add`.
    fn reader(&self) -> Option<String> {
        let (family, _) = self.method.rsplit_once('.')?;
        let list = catalogue::find_method(&format!("{family}.list"), None)?;
        let is_plain = list.params.iter().all(|param| !param.required);
        is_plain.then(|| list.name().to_owned())
    }

    fn refused(&self, api: &ApiError) -> Failure {
        let (code, means) = (api.code.as_str(), self.means);
        let denied = (means == "application").then(|| self.denied(api)).flatten();
        if let Some(denied) = denied {
            return denied;
        }
        match code {
            _ if self.error.denial() == Some(Denial::Plan) => self
                .failure(format!(
                    "{} has no REST ({code}): its plan lacks it, or its subscription has ended",
                    self.host
                ))
                .state(format!("nothing changed; the {means} stays good"))
                .hint("an administrator of the portal changes or renews the plan, then the same command again"),
            "OVERLOAD_LIMIT" => self
                .failure(format!(
                    "{} has blocked this {means} for load ({code}); waiting does not help",
                    self.host
                ))
                .hint(
                    "an administrator must ask the vendor's support; see portal > Developer resources \
                     > Statistics. Then use --share 30%",
                ),
            "QUERY_LIMIT_EXCEEDED" if api.status == 401 => self
                .failure(format!("{} has banned this {means} ({code}, HTTP 401)", self.host))
                .hint("an administrator must ask the vendor's support; waiting does not help"),
            "INVALID_CREDENTIALS" | "NO_AUTH_FOUND" => self
                .failure(format!(
                    "{} does not know this {means} ({code}): deleted, or its secret was changed",
                    self.host
                ))
                .hint(self.login()),
            "authorization_error" => self
                .failure(format!("the user of this {means} is blocked at {} ({code})", self.host))
                .state("nothing changed")
                .hint(self.login()),
            "PORTAL_DELETED" => self
                .failure(format!("{} is closed ({code}): deleted, or its trial is over", self.host))
                .state("nothing changed"),
            "ERROR_METHOD_NOT_FOUND" => self.no_such_method(code),
            "WRONG_AUTH_TYPE" => self
                .failure(format!("{} was refused ({code}, HTTP {})", self.method, api.status))
                .state("nothing changed")
                .hint_if((means == "webhook").then(|| {
                    format!("{} works with OAuth only, not with a webhook", self.method)
                })),
            "B24_PORTAL_NOT_PLAYED" => self
                .failure(format!("the local portal does not play {} ({code}, HTTP {})", self.method, api.status))
                .hint("b24 portal --unplayed stub answers in the documented shape"),
            _ if code.ends_with("METHODNOTFOUNDEXCEPTION") => self.no_such_method(code),
            "QUERY_LIMIT_EXCEEDED" | "OPERATION_TIME_LIMIT" => self.limit(self.error.to_string()),
            _ if code.ends_with("RATELIMITEXCEPTION") => self.limit(self.error.to_string()),
            _ if !self.error.may_have_run() && self.error.kind() == b24::Kind::Auth => {
                self.plain().state("nothing changed")
            }
            _ if code.is_empty() => self.plain(),
            _ => self.plain().hint_if(explained(code)),
        }
    }

    /// Names what the method is called, or where it is.
    fn no_such_method(&self, code: &str) -> Failure {
        let failure = self.failure(format!(
            "{} has no method {} ({code})",
            self.host, self.method
        ));
        let here = if code.starts_with("BITRIX_REST_V3") {
            Version::V3
        } else {
            Version::V2
        };
        let there = if here == Version::V3 {
            Version::V2
        } else {
            Version::V3
        };
        if catalogue::find_method(self.method, Some(here)).is_some() {
            return failure.hint("the catalogue knows it: its module may be off on this portal");
        }
        if catalogue::find_method(self.method, Some(there)).is_some() {
            let flag = if there == Version::V3 {
                "add --v3"
            } else {
                "add --api v2"
            };
            return failure.hint(format!("{} exists in {there} only: {flag}", self.method));
        }
        match closest(self.method, catalogue::method_names()) {
            Some(name) => failure.hint(format!("did you mean {name}?{}", newer_form(name))),
            None => failure.hint("names of methods are in the REST documentation"),
        }
    }

    fn page(&self) -> Failure {
        self.failure(self.error.to_string())
            .state("nothing changed; it is safe to repeat")
            .hint("if it stays, open the portal in a browser: it may be down, or a proxy stands in between")
    }

    fn unreachable(&self, why: &str) -> Failure {
        let failure = self
            .failure(self.error.to_string())
            .state("nothing was sent");
        let local = ["127.", "localhost", "[::1]"]
            .iter()
            .any(|name| self.host.starts_with(name));
        if why.contains("certificate") {
            failure.hint(
                "a portal with its own authority: --portal-ca FILE names the certificate to trust",
            )
        } else if local {
            failure.hint("is a portal running there? b24 portal starts one")
        } else {
            failure.hint("check the address and the network, then repeat")
        }
    }

    fn limit(&self, message: String) -> Failure {
        self.failure(message)
            .state("nothing changed; it is safe to repeat")
            .hint("repeat later, or with a longer --deadline")
    }

    fn moved(&self, to: &str) -> Failure {
        let failure = self
            .failure(self.error.to_string())
            .state("nothing changed");
        if self.means == "application" {
            let profile = self.profile.map(|name| format!(" {name}"));
            let profile = profile.unwrap_or_default();
            return failure.hint(format!(
                "new tokens tell where the portal is now: b24 auth refresh{profile}"
            ));
        }
        failure.hint(format!(
            "if {to} is yours, keep a webhook of it: {}",
            self.login()
        ))
    }

    pub(super) fn login(&self) -> String {
        login(self.means, self.profile)
    }
}

/// The command that connects anew.
pub(super) fn login(means: &str, profile: Option<&str>) -> String {
    let name = profile.map(|name| format!(" {name}")).unwrap_or_default();
    let app = if means == "application" { " --app" } else { "" };
    format!("b24 auth login{name}{app}")
}

/// ` (its newer form is …)`, where the documentation names one.
fn newer_form(name: &str) -> String {
    let newer = catalogue::find_method(name, None).and_then(|known| known.newer.into_iter().next());
    newer
        .map(|newer| format!(" (its newer form is {newer})"))
        .unwrap_or_default()
}

/// `b24 explain CODE`, if it has something to say.
fn explained(code: &str) -> Option<String> {
    crate::explain::explain(code)
        .and_then(|found| found.code)
        .map(|_| format!("b24 explain {code}"))
}
