//! The policies that are in force, and what is remembered of them beside a lockfile that kept them.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use super::error::VerifyError;
use super::exclusions::Exclusions;
use crate::core::config::{Config, Registries, TrustPolicy};

/// Checks that are made of every lockfile, whatever the policies. A past verification that lacks one of them does not
/// count.
const ALWAYS: [&str; 7] = [
    "tarballUrlBinding",
    "revisionHistoryBinding",
    "integrityRequired",
    "variationResolutionsVerified",
    "resolutionShapeCheck",
    "dependencyAliasCheck",
    "variationResolutionCheck",
];

/// The policies that are in force.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Milliseconds since 1970: when the run began.
    pub now: i64,
    /// `minimumReleaseAge`, minutes; 0 for none.
    pub minimum_age: u64,
    /// Milliseconds since 1970: no version may have been published later. `None` when age does not matter.
    pub cutoff: Option<i64>,
    /// `minimumReleaseAgeIgnoreMissingTime`: a version whose publish time nobody knows is old enough.
    pub accepts_missing_time: bool,
    /// `trustPolicy: no-downgrade`.
    pub no_downgrade: bool,
    /// `trustPolicyIgnoreAfter`, minutes.
    pub trust_ignore_after: Option<u64>,
    age_exclusions: Exclusions,
    trust_exclusions: Exclusions,
    age_rules: Vec<String>,
    trust_rules: Vec<String>,
    routing: String,
}

impl Policy {
    /// The policies of the settings at a point in time, milliseconds since 1970.
    ///
    /// # Errors
    /// A list of exceptions cannot be read.
    pub fn new(config: &Config, now: i64) -> Result<Self, VerifyError> {
        let exclusions = |setting, rules: &[String]| {
            Exclusions::new(rules).map_err(|source| VerifyError::Exclusions { setting, source })
        };
        let minimum_age = *config.minimum_release_age;
        // An age that reaches before the beginning of time asks for nothing that could be checked.
        let cutoff = i64::try_from(minimum_age)
            .ok()
            .filter(|minutes| *minutes > 0)
            .and_then(|minutes| now.checked_sub(minutes.checked_mul(60_000)?));
        Ok(Self {
            now,
            minimum_age,
            cutoff,
            accepts_missing_time: *config.minimum_release_age_ignore_missing_time,
            no_downgrade: *config.trust_policy == TrustPolicy::NoDowngrade,
            trust_ignore_after: *config.trust_policy_ignore_after,
            age_exclusions: exclusions("minimumReleaseAgeExclude", &config.minimum_release_age_exclude)?,
            trust_exclusions: exclusions("trustPolicyExclude", &config.trust_policy_exclude)?,
            age_rules: sorted(&config.minimum_release_age_exclude),
            trust_rules: sorted(&config.trust_policy_exclude),
            routing: routing(&config.registries),
        })
    }

    /// Whether the age of this version matters.
    #[must_use]
    pub fn is_about_age_of(&self, name: &str, version: &str) -> bool {
        self.cutoff.is_some() && !self.age_exclusions.contains(name, version)
    }

    /// Whether it matters what vouches for this version.
    #[must_use]
    pub fn is_about_trust_in(&self, name: &str, version: &str) -> bool {
        self.no_downgrade && !self.trust_exclusions.contains(name, version)
    }

    /// What is remembered beside a lockfile that kept the policies, as pnpm writes it.
    #[must_use]
    pub fn record(&self) -> Map<String, Value> {
        let values = [
            ("tarballUrlBinding", json!(true)),
            ("revisionHistoryBinding", json!(true)),
            ("integrityRequired", json!(true)),
            ("variationResolutionsVerified", json!(true)),
            ("namedRegistriesRouting", json!(self.routing)),
            ("minimumReleaseAge", json!(self.minimum_age)),
            ("minimumReleaseAgeExclude", json!(self.age_rules)),
            ("trustPolicy", json!(self.trust())),
            ("trustPolicyExclude", json!(self.trust_rules)),
            ("trustPolicyIgnoreAfter", json!(self.trust_ignore_after)),
            ("minimumReleaseAgeIgnoreMissingTime", json!(self.accepts_missing_time)),
            ("resolutionShapeCheck", json!(true)),
            ("dependencyAliasCheck", json!(true)),
            ("variationResolutionCheck", json!(true)),
        ];
        values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// Whether a lockfile that kept the remembered policies keeps these: they are the same, or were stricter.
    #[must_use]
    pub fn follows_from(&self, past: &Map<String, Value>) -> bool {
        let has = |key: &str, value: &Value| past.get(key).unwrap_or(&Value::Null) == value;
        let past_age = past.get("minimumReleaseAge").and_then(Value::as_u64).unwrap_or(0);
        let accepted_missing = !has("minimumReleaseAgeIgnoreMissingTime", &json!(false));
        ALWAYS.iter().all(|check| has(check, &json!(true)))
            && has("namedRegistriesRouting", &json!(self.routing))
            && past_age >= self.minimum_age
            && (self.accepts_missing_time || !accepted_missing)
            && has("minimumReleaseAgeExclude", &json!(self.age_rules))
            && has("trustPolicy", &json!(self.trust()))
            && has("trustPolicyExclude", &json!(self.trust_rules))
            && has("trustPolicyIgnoreAfter", &json!(self.trust_ignore_after))
    }

    fn trust(&self) -> Option<&'static str> {
        self.no_downgrade.then_some("no-downgrade")
    }
}

fn sorted(rules: &[String]) -> Vec<String> {
    let mut rules = rules.to_vec();
    rules.sort();
    rules.dedup();
    rules
}

/// The digest of which prefix leads to which registry.
fn routing(registries: &Registries) -> String {
    let routes: Map<String, Value> = registries
        .prefixes
        .iter()
        .map(|(prefix, registry)| (prefix.clone(), Value::from(registry.as_str())))
        .collect();
    hexadecimal(digest(&SHA256, Value::Object(routes).to_string().as_bytes()).as_ref())
}

/// Bytes as hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
