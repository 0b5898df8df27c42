//! Installations and uninstallations, which portals post, and anybody can forge.

use super::callback::same;
use super::handle::{OAuth, Portal, entry_of};
use super::refresher::Proof;
use super::{Denial, Grant, TokenError, to_the_end};
use crate::error::Error;
use crate::install::{Installation, Uninstallation};

/// Why an installation is refused that would replace tokens that work.
const STAYS: TokenError = TokenError::Forged(
    "the installation does not bring the portal's application_token, and the tokens that are kept work: they stay",
);

impl OAuth {
    /// Takes an installation in: the page that the portal opens, or its event.
    ///
    /// Anybody can post such a form, and any user of the portal one with genuine tokens of his own. So it has to bring the
    /// `application_token` that is known of the portal. If none is known, the authorisation server is asked to refresh
    /// the tokens that the form brings, which it does for genuine ones of this application only. With another
    /// `application_token` than the known one, or none, the tokens that are kept are tried too, by a refresh: they stay if
    /// they work, and give way if they are dead, as they are when the application was uninstalled before. All this goes
    /// on when its caller is gone, as it is when the portal hangs up.
    ///
    /// # Errors
    /// [`Kind::Auth`](crate::Kind::Auth) if the form is not the portal's, leads to a server that is not trusted, or would replace
    /// tokens that work; those of a refresh and of the store. Nothing of the form is saved then.
    pub async fn install(&self, installation: &Installation) -> Result<Grant, Error> {
        let (oauth, brought) = (self.clone(), installation.grant());
        let under_way = self.0.refreshes.begin()?;
        to_the_end(async move { under_way.ended(oauth.take_in(brought).await) }).await
    }

    async fn take_in(&self, brought: Grant) -> Result<Grant, Error> {
        let kept = self.portal(&brought.member_id).await?;
        let server = &self.0.server;
        server.vet(&brought, kept.as_ref().map(|kept| &kept.grant))?;
        let grant = match &kept {
            Some(kept) if is_vouched_for(&brought, &kept.grant) => brought,
            // To prove the pair that is kept would use it up.
            Some(kept) if is_guarded(kept, &brought) && is_same_pair(&kept.grant, &brought) => {
                return Err(STAYS.into());
            }
            _ => self.prove(brought, Proof::Refresh).await?,
        };
        let mut dead = String::new();
        loop {
            let stays =
                |kept: &Portal| is_guarded(kept, &grant) && kept.grant.refresh_token() != dead;
            if self.adopt_unless(grant.clone(), stays).await? {
                return Ok(grant);
            }
            dead = self.tried_in_vain(&grant.member_id).await?;
        }
    }

    /// Tries the tokens that are kept, and returns their refresh token if they are dead.
    async fn tried_in_vain(&self, member_id: &str) -> Result<String, Error> {
        // The pair in the store, not one that this process has used before.
        self.0.keepers().remove(member_id);
        let keeper = self.keeper(member_id).await?;
        let tried = keeper.current();
        match keeper.renew(&tried).await {
            Ok(_) => Err(STAYS.into()),
            Err(error)
                if matches!(
                    error.denial(),
                    Some(Denial::AuthoriseAgain | Denial::NotInstalled)
                ) =>
            {
                Ok(tried.grant.refresh_token().to_owned())
            }
            Err(error) => Err(error),
        }
    }

    /// Takes an uninstallation in: forgets the tokens if the `application_token` is the one that the installation
    /// brought.
    ///
    /// # Errors
    /// [`Kind::Auth`](crate::Kind::Auth) if it is not, or if none is known: nothing is forgotten then.
    pub async fn uninstall(&self, uninstallation: &Uninstallation) -> Result<(), Error> {
        let key = self.key(&uninstallation.member_id);
        loop {
            let row = self.0.store.load(&key).await?.row;
            let row = row.ok_or(TokenError::Missing)?;
            let entry = entry_of(&row)?;
            let known = entry.grant.application_token();
            if !known.is_some_and(|known| uninstallation.is_from(known)) {
                return Err(TokenError::Forged(
                    "the uninstallation does not bring the portal's application_token: nothing was forgotten",
                )
                .into());
            }
            // Whoever installs anew meanwhile has another application_token.
            if self.0.store.remove(&key, row.version).await? {
                self.0.keepers().remove(&uninstallation.member_id);
                return Ok(());
            }
        }
    }
}

/// Whether `brought` comes with the `application_token` that is known of the portal.
fn is_vouched_for(brought: &Grant, kept: &Grant) -> bool {
    let tokens = kept.application_token().zip(brought.application_token());
    tokens.is_some_and(|(kept, brought)| same(kept, brought))
}

/// Whether what is kept has to be tried before `brought` replaces it.
fn is_guarded(kept: &Portal, brought: &Grant) -> bool {
    kept.problem.is_none()
        && kept.grant.application_token().is_some()
        && !is_vouched_for(brought, &kept.grant)
}

fn is_same_pair(kept: &Grant, brought: &Grant) -> bool {
    same(kept.refresh_token(), brought.refresh_token())
}
