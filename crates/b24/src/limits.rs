//! The limits of a portal, as the user states them.

use std::str::FromStr;

use crate::room::bucket::Pace;

/// How many requests the portal takes. The default is [`Auto`](Limits::Auto).
///
/// The numbers are those of the REST documentation ("Limits"): a bucket of requests per portal and
/// source address that drains steadily.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Limits {
    /// The standard plan's, which every portal in the cloud grants.
    #[default]
    Auto,
    /// 50 requests at once, then 2 a second.
    Standard,
    /// 250 requests at once, then 5 a second.
    Enterprise,
    /// None: a box without a limiter.
    Off,
    /// A limit of the portal's own.
    Custom {
        /// Requests at once, at least 1.
        burst: u32,
        /// Requests a second after that, above 0.
        rate: f64,
    },
}

/// The text is no limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no limit: auto, standard, enterprise, off or BURST/RATE such as 50/2")]
pub struct LimitsError(String);

impl FromStr for Limits {
    type Err = LimitsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let custom = || {
            let (burst, rate) = text.split_once('/')?;
            let (burst, rate) = (burst.trim().parse().ok()?, rate.trim().parse::<f64>().ok()?);
            Some(Self::Custom { burst, rate }).filter(Self::is_valid)
        };
        match text {
            "auto" => Ok(Self::Auto),
            "standard" => Ok(Self::Standard),
            "enterprise" => Ok(Self::Enterprise),
            "off" => Ok(Self::Off),
            _ => custom().ok_or_else(|| LimitsError(text.to_owned())),
        }
    }
}

impl Limits {
    /// The limits of a plan as `app.info` names it: `de_ent250` is an Enterprise, `en_pro100` is not; a portal of one's
    /// own (`ru_selfhosted`) has the standard ones until it is told otherwise.
    pub fn of_licence(licence: &str) -> Self {
        let plan = licence.split_once('_').map(|(_, plan)| plan);
        if plan.is_some_and(|plan| plan.starts_with("ent")) {
            Self::Enterprise
        } else {
            Self::Standard
        }
    }

    /// Whether something gets through, and not everything.
    pub(crate) fn is_valid(&self) -> bool {
        match *self {
            Self::Custom { burst, rate } => burst >= 1 && rate > 0.0 && rate.is_finite(),
            Self::Auto | Self::Standard | Self::Enterprise | Self::Off => true,
        }
    }

    /// The part of the limit that `share` (above 0, at most 1) leaves to this process.
    pub(crate) fn pace(self, share: f64) -> Option<Pace> {
        let (burst, rate) = match self {
            Self::Off => return None,
            Self::Auto | Self::Standard => (50.0, 2.0),
            Self::Enterprise => (250.0, 5.0),
            Self::Custom { burst, rate } => (f64::from(burst), rate),
        };
        Some(Pace {
            burst: (burst * share).floor().max(1.0),
            rate: rate * share,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_from_text() {
        assert_eq!("enterprise".parse(), Ok(Limits::Enterprise));
        assert_eq!(
            "50/2".parse(),
            Ok(Limits::Custom {
                burst: 50,
                rate: 2.0
            })
        );
        for wrong in ["", "0/2", "50/0", "50/-1", "50", "a/b", "50/inf"] {
            assert!(wrong.parse::<Limits>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_plan_has_its_limits_in_every_region() {
        for (licence, limits) in [
            ("de_ent250", Limits::Enterprise),
            ("ru_ent", Limits::Enterprise),
            ("en_pro100", Limits::Standard),
            ("ru_selfhosted", Limits::Standard),
            ("enterprise", Limits::Standard),
            ("", Limits::Standard),
        ] {
            assert_eq!(Limits::of_licence(licence), limits, "{licence}");
        }
    }

    #[test]
    fn a_share_leaves_the_rest_to_others() {
        assert_eq!(
            Limits::Standard.pace(0.5),
            Some(Pace {
                burst: 25.0,
                rate: 1.0
            })
        );
        assert_eq!(Limits::Off.pace(0.5), None);
    }
}
