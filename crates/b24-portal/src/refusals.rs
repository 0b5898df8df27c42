//! The refusals of the protocol itself; methods have their own.

use crate::access::Denied;
use crate::oauth::NoEntry;
use crate::play::{ActorKind, Refusal, Version};
use crate::settings::Statuses;

pub(crate) fn method_not_found() -> Refusal {
    Refusal::new("ERROR_METHOD_NOT_FOUND", "Method not found!").status(404)
}

pub(crate) fn v3_method_not_found(name: &str) -> Refusal {
    Refusal::v3(
        "METHODNOTFOUNDEXCEPTION",
        format!("Method `{name}` not found."),
    )
    .status(404)
}

pub(crate) fn wrong_transport() -> Refusal {
    let text = "b24 portal answers in JSON only; a real portal would answer in XML here. Take the suffix .xml away";
    Refusal::new("B24_PORTAL_NOT_PLAYED", text).status(501)
}

pub(crate) fn not_played(name: &str) -> Refusal {
    let text = format!(
        "b24 portal does not play {name}; a real portal has it. Start with --unplayed stub, or see b24 portal coverage"
    );
    Refusal::new("B24_PORTAL_NOT_PLAYED", text).status(501)
}

/// Why credentials are not accepted.
pub(crate) fn denied(denied: Denied) -> Refusal {
    match denied {
        Denied::NoCredentials => no_auth(),
        Denied::WrongWebhook => invalid_credentials(),
        Denied::HttpsRequired => https_required(),
        Denied::NoPlan(kind) => no_plan(kind),
        Denied::Token(NoEntry::Unknown) => unknown_token(),
        Denied::Token(NoEntry::Blocked) => overload(),
        Denied::Token(NoEntry::NoPlan) => no_plan(ActorKind::App),
        Denied::Token(NoEntry::NotInstalled) => {
            Refusal::new("APPLICATION_NOT_FOUND", "Application not found").status(401)
        }
        Denied::Token(NoEntry::Unpaid) => {
            Refusal::new("PAYMENT_REQUIRED", "Payment required").status(401)
        }
        Denied::Token(NoEntry::Expired) => {
            Refusal::new("expired_token", "The access token provided has expired").status(401)
        }
        Denied::NoUser => {
            Refusal::new("authorization_error", "Unable to authorize user").status(401)
        }
        Denied::NotForUser => {
            let text = "The user does not have access to the application.";
            Refusal::new("user_access_error", text).status(401)
        }
    }
}

fn no_plan(kind: ActorKind) -> Refusal {
    let text = match kind {
        ActorKind::App => "REST is available only on commercial plans.",
        ActorKind::Webhook => "REST is available only by subscription.",
    };
    Refusal::new("ACCESS_DENIED", text).status(401)
}

pub(crate) fn portal_deleted() -> Refusal {
    Refusal::new("PORTAL_DELETED", "Portal was deleted").status(403)
}

fn no_auth() -> Refusal {
    Refusal::new("NO_AUTH_FOUND", "Wrong authorization data").status(401)
}

fn invalid_credentials() -> Refusal {
    Refusal::new("INVALID_CREDENTIALS", "Invalid request credentials").status(401)
}

fn https_required() -> Refusal {
    Refusal::new("INVALID_REQUEST", "Https required.").status(401)
}

fn unknown_token() -> Refusal {
    Refusal::new("invalid_token", "Unable to get application by token").status(401)
}

pub(crate) fn insufficient_scope(kind: ActorKind) -> Refusal {
    let token = match kind {
        ActorKind::Webhook => "webhook",
        ActorKind::App => "access",
    };
    let text = format!("The request requires higher privileges than provided by the {token} token");
    Refusal::new("insufficient_scope", text).status(401)
}

pub(crate) fn v3_access_denied() -> Refusal {
    Refusal::v3("ACCESSDENIEDEXCEPTION", "Access denied.").status(401)
}

pub(crate) fn v3_insufficient_scope() -> Refusal {
    Refusal::v3("INSUFFICIENTSCOPEEXCEPTION", "Insufficient scope.").status(403)
}

pub(crate) fn v3_invalid_json() -> Refusal {
    Refusal::v3("INVALIDJSONEXCEPTION", "Invalid JSON.")
}

pub(crate) fn v3_internal() -> Refusal {
    Refusal::v3("INTERNAL_INTERNALEXCEPTION", "Internal error.").status(500)
}

pub(crate) fn link_check_failed() -> Refusal {
    Refusal::new("ACCESS_DENIED", "Access denied! Link check failed").status(403)
}

pub(crate) fn application_required() -> Refusal {
    Refusal::new(
        "ACCESS_DENIED",
        "Access denied! Application context required",
    )
    .status(403)
}

pub(crate) fn wrong_auth_type() -> Refusal {
    Refusal::new(
        "WRONG_AUTH_TYPE",
        "Current authorization type is denied for this method",
    )
    .status(403)
}

pub(crate) fn query_limit() -> Refusal {
    Refusal::new("QUERY_LIMIT_EXCEEDED", "Too many requests").status(503)
}

pub(crate) fn overload() -> Refusal {
    Refusal::new("OVERLOAD_LIMIT", "REST API is blocked due to overload.").status(401)
}

pub(crate) fn operating_limit(version: Version) -> Refusal {
    match version {
        Version::V2 => Refusal::new(
            "OPERATION_TIME_LIMIT",
            "Method is blocked due to operation time limit.",
        ),
        Version::V3 => Refusal::v3(
            "RATELIMITEXCEPTION",
            "Method is blocked due to operation time limit.",
        ),
    }
    .status(429)
}

pub(crate) fn batch_length() -> Refusal {
    Refusal::new("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
}

pub(crate) fn batch_method() -> Refusal {
    Refusal::new(
        "ERROR_BATCH_METHOD_NOT_ALLOWED",
        "Method is not allowed for batch usage",
    )
}

/// The status of a v2 error, where sources and documentation disagree.
pub(crate) fn v2_status(refusal: &Refusal, statuses: Statuses) -> u16 {
    if statuses == Statuses::Source {
        return refusal.status;
    }
    match (refusal.code.as_str(), refusal.status) {
        (
            "INVALID_CREDENTIALS" | "insufficient_scope" | "user_access_error" | "ACCESS_DENIED",
            401,
        ) => 403,
        ("INVALID_REQUEST", 401) => 400,
        ("OVERLOAD_LIMIT", 401) => 503,
        ("PORTAL_DELETED", 403) => 500,
        (_, status) => status,
    }
}
