//! What an application asks at its start: itself, its licence, its user, currencies, options; in one request.
//!
//! ```no_run
//! # async fn run(b24: b24::Client) -> Result<(), b24::Error> {
//! let helper = b24.helper().app().profile().scopes().app_options().await?;
//! let profile = helper.profile()?;
//! println!("{} (administrator: {}) on {}", profile.name, profile.is_admin, helper.licence()?.licence);
//! let columns: Option<Vec<String>> = helper.app_options()?.json("columns")?;
//! # let _ = columns;
//! # Ok(()) }
//! ```

mod about;
mod currency;
mod options;

use std::collections::BTreeMap;
use std::future::IntoFuture;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use about::{AppInfo, LicenceInfo, PaymentInfo, ProfileInfo};
pub use currency::{Currencies, Currency};
pub use options::{Options, Owner};

use crate::batch::{Batch, Slot};
use crate::client::Client;
use crate::error::Error;
use crate::rt::BoxFuture;
use crate::value::{list, map};

impl Client {
    /// What an application asks at its start, in one request: name the parts, then await. Without any, the application
    /// and the profile.
    #[doc(alias = "useB24Helper")]
    #[doc(alias = "initB24Helper")]
    pub fn helper(&self) -> Load {
        Load {
            client: self.clone(),
            app: false,
            profile: false,
            scopes: false,
            currency: false,
            app_options: false,
            user_options: false,
        }
    }
}

/// The parts to load; made by [`Client::helper`].
#[derive(Clone, Debug)]
#[must_use = "it is sent when it is awaited"]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part that is asked for or not"
)]
pub struct Load {
    client: Client,
    app: bool,
    profile: bool,
    scopes: bool,
    currency: bool,
    app_options: bool,
    user_options: bool,
}

impl Load {
    /// The application, its payment and the portal's licence (`app.info`). A webhook is told the licence only. The limits
    /// of the client then follow the plan, unless they were stated.
    pub fn app(self) -> Self {
        Self { app: true, ..self }
    }

    /// The user on whose behalf the client calls (`profile`).
    pub fn profile(self) -> Self {
        Self {
            profile: true,
            ..self
        }
    }

    /// What the token, or the webhook, may use (`scope`).
    pub fn scopes(self) -> Self {
        Self {
            scopes: true,
            ..self
        }
    }

    /// The portal's currencies. Needs the scope `crm`.
    pub fn currency(self) -> Self {
        Self {
            currency: true,
            ..self
        }
    }

    /// What the application keeps for the whole portal (`app.option.get`). Refused to webhooks.
    pub fn app_options(self) -> Self {
        Self {
            app_options: true,
            ..self
        }
    }

    /// What the application keeps for the user (`user.option.get`). Refused to webhooks.
    pub fn user_options(self) -> Self {
        Self {
            user_options: true,
            ..self
        }
    }

    fn is_empty(&self) -> bool {
        let Self {
            app,
            profile,
            scopes,
            currency,
            app_options,
            user_options,
            ..
        } = *self;
        !(app || profile || scopes || currency || app_options || user_options)
    }

    async fn load(self) -> Result<Helper, Error> {
        if self.is_empty() {
            return Box::pin(self.app().profile().load()).await;
        }
        let mut asked = Asked {
            batch: self.client.v2().batch().halt(true),
            client: &self.client,
        };
        let app = asked.ask::<About>(self.app, "get_app", "app.info");
        let profile = asked.ask::<Shape<ProfileInfo>>(self.profile, "get_profile", "profile");
        let scopes = asked.ask::<Texts>(self.scopes, "get_scope", "scope");
        let base = "crm.currency.base.get";
        let base = asked.ask::<String>(self.currency, "get_currency_0", base);
        let currencies = asked.ask::<Rows>(self.currency, "get_currency_1", "crm.currency.list");
        let of_app = asked.ask::<Kept>(self.app_options, "get_appOptions", "app.option.get");
        let of_user = asked.ask::<Kept>(self.user_options, "get_userOptions", "user.option.get");
        let mut out = asked.batch.await?;
        // In the order of the commands: the first that failed has halted the batch.
        let app = app.map(|slot| out.take(slot)).transpose()?;
        let profile = profile.map(|slot| out.take(slot)).transpose()?;
        let scopes = scopes.map(|slot| out.take(slot)).transpose()?;
        let base = base.map(|slot| out.take(slot)).transpose()?;
        let currencies = currencies.map(|slot| out.take(slot)).transpose()?;
        let of_app = of_app.map(|slot| out.take(slot)).transpose()?;
        let of_user = of_user.map(|slot| out.take(slot)).transpose()?;
        let options =
            |owner, kept: Option<Kept>| kept.map(|kept| Options::new(&self.client, owner, kept.0));
        Ok(Helper {
            profile: profile.map(|profile| profile.0),
            scopes: scopes.map(|scopes| scopes.0),
            currency: base
                .zip(currencies)
                .map(|(base, rows)| Currencies::new(base, rows.0)),
            app_options: options(Owner::App, of_app),
            user_options: options(Owner::User, of_user),
            about: app,
        })
    }
}

impl IntoFuture for Load {
    type Output = Result<Helper, Error>;
    type IntoFuture = BoxFuture<'static, Result<Helper, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.load())
    }
}

/// The batch that is being put together.
struct Asked<'a> {
    batch: Batch,
    client: &'a Client,
}

impl Asked<'_> {
    fn ask<T: DeserializeOwned>(
        &mut self,
        is_wanted: bool,
        name: &str,
        method: &str,
    ) -> Option<Slot<T>> {
        let call = || self.client.v2().call(method).typed();
        is_wanted.then(|| self.batch.add(name, call()))
    }
}

type Kept = Shape<BTreeMap<String, Value>>;

/// A map, or a struct, that PHP writes as a list when it is empty.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Shape<T>(#[serde(with = "map")] T);

#[derive(Deserialize)]
struct Texts(#[serde(with = "list")] Vec<String>);

#[derive(Deserialize)]
struct Rows(#[serde(with = "list")] Vec<Currency>);

/// The answer of `app.info`.
#[derive(Clone, Debug, Deserialize)]
struct About {
    #[serde(flatten)]
    app: AppInfo,
    #[serde(flatten)]
    payment: PaymentInfo,
    #[serde(flatten)]
    licence: LicenceInfo,
}

/// What was loaded. Each part that was not asked for is an error of [`Kind::Usage`](crate::Kind::Usage).
#[derive(Clone, Debug)]
#[doc(alias = "B24HelperManager")]
pub struct Helper {
    about: Option<About>,
    profile: Option<ProfileInfo>,
    scopes: Option<Vec<String>>,
    currency: Option<Currencies>,
    app_options: Option<Options>,
    user_options: Option<Options>,
}

impl Helper {
    /// The application.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) without [`Load::app`].
    #[doc(alias = "appInfo")]
    pub fn app(&self) -> Result<&AppInfo, Error> {
        loaded(self.about.as_ref(), "app").map(|about| &about.app)
    }

    /// How the application is paid for.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) without [`Load::app`].
    #[doc(alias = "paymentInfo")]
    pub fn payment(&self) -> Result<&PaymentInfo, Error> {
        loaded(self.about.as_ref(), "app").map(|about| &about.payment)
    }

    /// The portal's plan.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) without [`Load::app`].
    #[doc(alias = "licenseInfo")]
    pub fn licence(&self) -> Result<&LicenceInfo, Error> {
        loaded(self.about.as_ref(), "app").map(|about| &about.licence)
    }

    /// The user.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) without [`Load::profile`].
    #[doc(alias = "profileInfo")]
    pub fn profile(&self) -> Result<&ProfileInfo, Error> {
        loaded(self.profile.as_ref(), "profile")
    }

    /// What the token may use: `crm`, `task` …
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) without [`Load::scopes`].
    pub fn scopes(&self) -> Result<&[String], Error> {
        loaded(self.scopes.as_deref(), "scopes")
    }

    /// The portal's currencies.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) without [`Load::currency`].
    pub fn currency(&self) -> Result<&Currencies, Error> {
        loaded(self.currency.as_ref(), "currency")
    }

    /// What the application keeps for the whole portal.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) without [`Load::app_options`].
    pub fn app_options(&self) -> Result<&Options, Error> {
        loaded(self.app_options.as_ref(), "app_options")
    }

    /// What the application keeps for the user.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::Kind::Usage) without [`Load::user_options`].
    pub fn user_options(&self) -> Result<&Options, Error> {
        loaded(self.user_options.as_ref(), "user_options")
    }
}

fn loaded<T>(part: Option<T>, name: &str) -> Result<T, Error> {
    part.ok_or_else(|| {
        Error::usage(format!(
            "it was not loaded: ask the helper for `{name}()` before the await"
        ))
    })
}
