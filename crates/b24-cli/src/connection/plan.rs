//! The plan of a portal, which settles `--limits auto`: asked for once, where it costs no request of
//! its own.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use b24::{Client, Limits};

use super::cache::cache;
use super::private::{Access, write};

const FRESH: Duration = Duration::from_secs(3600);

/// What is known of the plan.
#[derive(Debug)]
pub(super) struct Plan {
    /// Goes by the plan once it is known.
    client: Client,
    /// Whether nobody has said what the limits are.
    open: bool,
    file: Option<PathBuf>,
    learned: OnceLock<Limits>,
}

impl Plan {
    pub(super) fn new(client: Client, host: &str, open: bool) -> Self {
        let plan = Self {
            client,
            open,
            file: cache("plan", host).map(|directory| directory.join("licence.txt")),
            learned: OnceLock::new(),
        };
        if let Some(licence) = plan.file.as_ref().filter(|_| open).and_then(recall) {
            plan.settle(&licence);
        }
        plan
    }

    /// Whether the portal should be asked.
    pub(super) fn is_wanted(&self) -> bool {
        self.open && self.learned.get().is_none()
    }

    /// The limits of the plan, where it settled them.
    pub(super) fn limits(&self) -> Option<Limits> {
        self.learned.get().copied()
    }

    /// The portal has told its plan.
    pub(super) fn learn(&self, licence: &str) {
        if !self.is_wanted() {
            return;
        }
        if let Some(file) = &self.file {
            // Only time is lost if it cannot be kept.
            let _ = write(file, Access::Anyone, licence.as_bytes());
        }
        self.settle(licence);
    }

    fn settle(&self, licence: &str) {
        let _ = self.learned.set(self.client.apply_licence(licence));
    }
}

fn recall(file: &PathBuf) -> Option<String> {
    let age = fs::metadata(file).ok()?.modified().ok()?.elapsed().ok()?;
    (age < FRESH).then_some(())?;
    fs::read_to_string(file).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(open: bool) -> Plan {
        let client = Client::from_webhook("http://127.0.0.1:9/rest/1/secret/").unwrap();
        Plan::new(client, "127.0.0.1:9", open)
    }

    #[test]
    fn auto_limits_go_by_the_plan() {
        for (licence, enterprise) in [
            ("de_ent250", true),
            ("en_pro100", false),
            ("enterprise", false),
        ] {
            let plan = plan(true);
            assert!(plan.is_wanted());
            plan.learn(licence);
            assert!(!plan.is_wanted());
            assert_eq!(
                plan.limits() == Some(Limits::Enterprise),
                enterprise,
                "{licence}"
            );
        }
    }

    #[test]
    fn limits_that_were_told_stay() {
        let plan = plan(false);
        assert!(!plan.is_wanted());
        plan.learn("de_ent250");
        assert_eq!(plan.limits(), None);
    }

    #[test]
    fn a_plan_is_remembered_for_an_hour() {
        let home = b24_seen::folder();
        let file = home.path().join("licence.txt");
        assert_eq!(recall(&file), None);
        fs::write(&file, "de_ent250").unwrap();
        assert_eq!(recall(&file).as_deref(), Some("de_ent250"));
        let old = std::time::SystemTime::now() - 2 * FRESH;
        let opened = fs::File::options().append(true).open(&file).unwrap();
        opened.set_modified(old).unwrap();
        assert_eq!(recall(&file), None);
    }
}
