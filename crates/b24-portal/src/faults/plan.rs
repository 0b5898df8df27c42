use std::collections::VecDeque;
use std::num::NonZeroU32;

use super::{Fault, FaultRule, Part};

/// The rules that wait, oldest first.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    rules: VecDeque<Waiting>,
}

/// A rule and how far it has come.
#[derive(Debug)]
struct Waiting {
    rule: FaultRule,
    /// Matching requests since a rule with `every` was last due.
    passed: u32,
    struck: u64,
}

impl FaultPlan {
    pub(crate) fn add(&mut self, mut rule: FaultRule) {
        if rule.every.is_none() {
            rule.times.get_or_insert(1);
        }
        self.rules.push_back(Waiting {
            rule,
            passed: 0,
            struck: 0,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn waiting(&self) -> Vec<FaultRule> {
        self.rules
            .iter()
            .map(|waiting| waiting.rule.clone())
            .collect()
    }

    /// What hits this request before its body is read.
    pub(crate) fn strike_request(&mut self, method: &str) -> Option<Fault> {
        let mut hit = None;
        for waiting in self.matching(method) {
            if waiting.rule.fault.part() == Part::Request {
                waiting.take(&mut hit);
            }
        }
        self.forget_the_spent();
        hit
    }

    /// What hits this request: at most one delay, one change of data and one outcome, oldest rule first.
    pub(crate) fn strike(&mut self, method: &str) -> Strike {
        self.strike_by(method, |_| true)
    }

    /// What hits a request that is no method: only rules that name it.
    pub(crate) fn strike_named(&mut self, name: &str) -> Strike {
        self.strike_by(name, |rule| rule.method.is_some())
    }

    fn strike_by(&mut self, method: &str, is_meant: impl Fn(&FaultRule) -> bool) -> Strike {
        let mut strike = Strike::default();
        let matching = self.matching(method);
        for waiting in matching.filter(|waiting| is_meant(&waiting.rule)) {
            let slot = match waiting.rule.fault.part() {
                Part::Request => continue,
                Part::Delay => &mut strike.delay,
                Part::Data => &mut strike.data,
                Part::Outcome => &mut strike.outcome,
            };
            waiting.take(slot);
        }
        self.forget_the_spent();
        strike
    }

    /// What hits this command of a batch: rules armed for its method by name.
    pub(crate) fn strike_batched(&mut self, method: &str) -> Option<Fault> {
        let mut hit = None;
        for waiting in self.matching(method) {
            if waiting.rule.method.is_some() && waiting.rule.fault.hits_batched_calls() {
                waiting.take(&mut hit);
            }
        }
        self.forget_the_spent();
        hit
    }

    fn matching(&mut self, method: &str) -> impl Iterator<Item = &mut Waiting> {
        self.rules
            .iter_mut()
            .filter(move |waiting| waiting.rule.matches(method))
    }

    fn forget_the_spent(&mut self) {
        self.rules.retain(|waiting| waiting.rule.times != Some(0));
    }
}

impl Waiting {
    /// Counts a matching request; a rule whose turn it is waits for the next one where another has struck already.
    fn take(&mut self, slot: &mut Option<Fault>) {
        if self.rule.skip > 0 {
            self.rule.skip -= 1;
            return;
        }
        let every = self.rule.every.map_or(1, NonZeroU32::get);
        self.passed = self.passed.saturating_add(1);
        if self.passed < every || self.rule.times == Some(0) || slot.is_some() {
            return;
        }
        // A strike that came late does not move those that follow.
        self.passed -= every;
        self.rule.times = self.rule.times.map(|times| times - 1);
        *slot = Some(self.rule.fault.strike(self.struck));
        self.struck += 1;
    }
}

/// What hits one request.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    pub(crate) delay: Option<Fault>,
    pub(crate) data: Option<Fault>,
    pub(crate) outcome: Option<Fault>,
}

impl Strike {
    /// For the log.
    pub(crate) fn names(&self) -> Vec<String> {
        let faults = [&self.delay, &self.data, &self.outcome]
            .into_iter()
            .flatten();
        faults.map(Fault::name).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Fault, FaultPlan, FaultRule};

    #[test]
    fn rules_strike_in_order_and_once_each() {
        let mut plan = FaultPlan::default();
        plan.add(
            FaultRule::new(Fault::Html502)
                .method("crm.item.ADD")
                .skip(1)
                .times(2),
        );
        plan.add(FaultRule::new(Fault::CutAfterRun));
        plan.add(FaultRule::new(Fault::Delay(Duration::from_secs(1))).method("crm.item.add"));
        assert!(
            plan.strike("other").outcome == Some(Fault::CutAfterRun),
            "any method"
        );
        let first = plan.strike("crm.item.add");
        assert!(first.outcome.is_none() && first.delay.is_some());
        assert_eq!(plan.strike("crm.item.add").outcome, Some(Fault::Html502));
        assert_eq!(plan.strike("crm.item.add").outcome, Some(Fault::Html502));
        assert!(plan.strike("crm.item.add").outcome.is_none());
        assert!(plan.waiting().is_empty());
    }

    #[test]
    fn batched_calls_are_hit_only_by_name_and_only_by_errors() {
        let mut plan = FaultPlan::default();
        plan.add(FaultRule::new(Fault::OperatingLimit));
        plan.add(FaultRule::new(Fault::CutAfterRun).method("crm.deal.list"));
        assert_eq!(plan.strike_batched("crm.deal.list"), None);
        plan.add(FaultRule::new(Fault::OperatingLimit).method("crm.deal.list"));
        assert_eq!(
            plan.strike_batched("crm.deal.list"),
            Some(Fault::OperatingLimit)
        );
        assert_eq!(plan.waiting().len(), 2);
    }

    #[test]
    fn skipping_counts_requests_that_others_hit() {
        let mut plan = FaultPlan::default();
        plan.add(FaultRule::new(Fault::Html502).skip(1));
        plan.add(FaultRule::new(Fault::CutBody).skip(2));
        plan.add(FaultRule::new(Fault::EmptyBody).skip(1));
        let struck: Vec<_> = (0..5).map(|_| plan.strike("m").outcome).collect();
        let expected = [
            None,
            Some(Fault::Html502),
            Some(Fault::CutBody),
            Some(Fault::EmptyBody),
            None,
        ];
        assert_eq!(struck, expected);
    }

    #[test]
    fn json_form() {
        let json = r#"{"method":"batch","fault":{"delay":0.25}}"#;
        let rule: FaultRule = serde_json::from_str(json).unwrap();
        assert_eq!(
            rule,
            FaultRule::new(Fault::Delay(Duration::from_millis(250))).method("batch")
        );
        assert_eq!(
            serde_json::to_string(&Fault::CutAfterRun).unwrap(),
            r#""cut_after_run""#
        );
        assert!(serde_json::from_str::<Fault>(r#"{"delay":-1}"#).is_err());
        let json = r#"{"method":"batch","fault":{"cut_answer":{}},"every":7}"#;
        let rule: FaultRule = serde_json::from_str(json).unwrap();
        let expected = FaultRule::new(Fault::CutAnswer { seed: 0 })
            .method("batch")
            .every(7);
        assert_eq!(rule, expected);
        let never = r#"{"fault":"html502","every":0}"#;
        assert!(serde_json::from_str::<FaultRule>(never).is_err());
    }

    #[test]
    fn each_nth_request_is_hit_and_a_late_strike_moves_no_other() {
        let mut plan = FaultPlan::default();
        plan.add(FaultRule::new(Fault::CutAfterRun).every(3));
        plan.add(FaultRule::new(Fault::Html502).every(2).times(3).skip(1));
        let struck: Vec<_> = (1..=12)
            .map(|request| (request, plan.strike("m").outcome))
            .filter_map(|(request, fault)| Some((request, fault?)))
            .collect();
        let (cut, page) = (Fault::CutAfterRun, Fault::Html502);
        let expected = [
            (3, cut.clone()),
            (4, page.clone()),
            (5, page.clone()),
            (6, cut.clone()),
            (7, page),
            (9, cut.clone()),
            (12, cut),
        ];
        assert_eq!(struck, expected);
        assert_eq!(plan.waiting().len(), 1, "only the rule without an end");
    }

    #[test]
    fn chance_goes_on_from_its_seed() {
        let places = |seed| {
            let mut plan = FaultPlan::default();
            plan.add(FaultRule::new(Fault::CutAnswer { seed }).every(1));
            let place = |_| plan.strike("m").outcome.unwrap().place_of_cut(10_000);
            (0..20).map(place).collect::<Vec<_>>()
        };
        assert_eq!(places(7), places(7));
        assert_ne!(places(7), places(8));
        let mut seen = places(7);
        assert!(seen.iter().all(|place| *place < 10_000));
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() > 15, "{seen:?}");
        assert_eq!(Fault::CutRequest { seed: 1 }.place_of_cut(0), 0);
    }

    #[test]
    fn requests_are_cut_before_others_count_them() {
        let mut plan = FaultPlan::default();
        plan.add(FaultRule::new(Fault::CutRequest { seed: 1 }).every(2));
        assert!(plan.strike("m").outcome.is_none(), "not its place");
        assert!(plan.strike_request("m").is_none());
        assert!(plan.strike_request("m").is_some());
    }
}
