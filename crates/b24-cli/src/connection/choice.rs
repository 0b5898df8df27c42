//! Which portal: a pure decision over flags, environment and files.

use std::fmt;
use std::path::PathBuf;

use super::application::Application;
use super::credentials::Secret;
use crate::failure::{Failure, Kind};

/// What was said about the portal, in every place where it can be said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    /// `--demo`.
    pub(crate) demo: bool,
    /// `-p`.
    pub(crate) profile: Option<String>,
    /// `--webhook`.
    pub(crate) webhook: Option<Secret>,
    /// `--webhook-file`.
    pub(crate) webhook_file: Option<PathBuf>,
    /// `B24_DEMO`.
    pub(crate) env_demo: bool,
    /// `B24_WEBHOOK`.
    pub(crate) env_webhook: Option<Secret>,
    /// `B24_WEBHOOK_FILE`.
    pub(crate) env_webhook_file: Option<PathBuf>,
    /// `B24_CLIENT_ID`, `B24_CLIENT_SECRET` and `B24_MEMBER_ID`.
    pub(crate) env_application: Option<Application>,
    /// `B24_PROFILE`.
    pub(crate) env_profile: Option<String>,
    /// `profile` of `b24.toml`.
    pub(crate) project: Option<String>,
    /// `default_profile` of `config.toml`.
    pub(crate) default: Option<String>,
}

/// The chosen way to a portal.
#[derive(Debug, Clone)]
pub(crate) enum Choice {
    /// A portal of our own.
    Demo,
    /// This webhook.
    Webhook(Secret, Origin),
    /// The webhook in this file.
    File(PathBuf, Origin),
    /// This application.
    Application(Box<Application>, Origin),
    /// A profile.
    Profile(String, Origin),
}

/// Where the choice was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag.
    Flag(&'static str),
    /// A variable.
    Variable(&'static str),
    /// The project's `b24.toml`.
    Project,
    /// The user's default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Project => f.write_str("b24.toml"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Said {
    /// Flag before environment, environment before project, project before default.
    pub(crate) fn choose(self) -> Result<Choice, Failure> {
        self.one_flag()?;
        if self.demo {
            return Ok(Choice::Demo);
        }
        if let Some(name) = self.profile {
            return Ok(Choice::Profile(name, Origin::Flag("-p")));
        }
        if let Some(path) = self.webhook_file {
            return Ok(Choice::File(path, Origin::Flag("--webhook-file")));
        }
        if let Some(webhook) = self.webhook {
            return Ok(Choice::Webhook(webhook, Origin::Flag("--webhook")));
        }
        if self.env_demo {
            return Ok(Choice::Demo);
        }
        if let Some(webhook) = self.env_webhook {
            return Ok(Choice::Webhook(webhook, Origin::Variable("B24_WEBHOOK")));
        }
        if let Some(path) = self.env_webhook_file {
            return Ok(Choice::File(path, Origin::Variable("B24_WEBHOOK_FILE")));
        }
        if let Some(application) = self.env_application {
            return Ok(Choice::Application(
                Box::new(application),
                Origin::Variable("B24_CLIENT_ID"),
            ));
        }
        if let Some(name) = self.env_profile {
            return Ok(Choice::Profile(name, Origin::Variable("B24_PROFILE")));
        }
        if let Some(name) = self.project {
            return Ok(Choice::Profile(name, Origin::Project));
        }
        if let Some(name) = self.default {
            return Ok(Choice::Profile(name, Origin::Default));
        }
        Err(
            Failure::new(Kind::Auth, "which portal? no profile, no B24_WEBHOOK").hint(
                "b24 auth login, or try it now without a portal: b24 --demo export deals --limit 5",
            ),
        )
    }

    fn one_flag(&self) -> Result<(), Failure> {
        let flags = [
            (self.demo, "--demo"),
            (self.profile.is_some(), "-p"),
            (self.webhook_file.is_some(), "--webhook-file"),
            (self.webhook.is_some(), "--webhook"),
        ];
        let given: Vec<_> = flags
            .iter()
            .filter(|(given, _)| *given)
            .map(|(_, flag)| *flag)
            .collect();
        match given.as_slice() {
            [one, other, ..] => Err(
                Failure::usage(format!("{one} and {other} name two portals"))
                    .state("nothing was sent")
                    .hint(format!("leave out {one} or {other}")),
            ),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Said {
        Said {
            env_webhook: Some(Secret::new("env")),
            env_webhook_file: Some("file".into()),
            env_application: Some(Application {
                client_id: "local.1".into(),
                secret: Secret::new("secret"),
                member_id: "member".into(),
                portal: None,
                brought: None,
            }),
            env_profile: Some("env".into()),
            project: Some("project".into()),
            default: Some("default".into()),
            ..Said::default()
        }
    }

    fn origin(said: Said) -> String {
        match said.choose().expect("a choice") {
            Choice::Demo => "demo".into(),
            Choice::Webhook(_, origin) => format!("webhook {origin}"),
            Choice::File(_, origin) => format!("file {origin}"),
            Choice::Application(application, origin) => {
                format!("{} {origin}", application.client_id)
            }
            Choice::Profile(name, origin) => format!("{name} {origin}"),
        }
    }

    #[test]
    fn the_nearest_word_wins() {
        let mut said = everything();
        assert_eq!(
            origin(Said {
                demo: true,
                ..everything()
            }),
            "demo"
        );
        assert_eq!(
            origin(Said {
                profile: Some("p".into()),
                ..everything()
            }),
            "p -p"
        );
        assert_eq!(
            origin(Said {
                webhook: Some(Secret::new("w")),
                ..everything()
            }),
            "webhook --webhook"
        );
        assert_eq!(
            origin(Said {
                env_demo: true,
                ..everything()
            }),
            "demo"
        );
        assert_eq!(origin(said.clone()), "webhook B24_WEBHOOK");
        said.env_webhook = None;
        assert_eq!(origin(said.clone()), "file B24_WEBHOOK_FILE");
        said.env_webhook_file = None;
        assert_eq!(origin(said.clone()), "local.1 B24_CLIENT_ID");
        said.env_application = None;
        assert_eq!(origin(said.clone()), "env B24_PROFILE");
        said.env_profile = None;
        assert_eq!(origin(said.clone()), "project b24.toml");
        said.project = None;
        assert_eq!(origin(said), "default default");
    }

    #[test]
    fn two_flags_are_one_too_many() {
        let two = Said {
            demo: true,
            profile: Some("acme".into()),
            ..Said::default()
        };
        assert_eq!(two.choose().expect_err("two").kind, Kind::Usage);
    }

    #[test]
    fn nothing_said_is_an_error_with_a_way_out() {
        let failure = Said::default().choose().expect_err("nothing");
        assert_eq!(failure.kind, Kind::Auth);
        assert!(failure.hints[0].contains("b24 auth login"));
    }
}
