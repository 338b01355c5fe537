//! Whether a run is part of continuous integration.

use super::input::Input;

/// Variables of continuous integration services; the ones pnpm goes by.
const SERVICES: &[&str] = &[
    "APPVEYOR",
    "BITBUCKET_DEPLOYMENT",
    "BITRISE_IO",
    "BUDDY_WORKSPACE_ID",
    "BUILDER_OUTPUT",
    "BUILDKITE",
    "CIRCLECI",
    "CIRRUS_CI",
    "CI_NAME",
    "CODEBUILD_SRC_DIR",
    "DRONE",
    "DSARI",
    "GERRIT_PROJECT",
    "GITHUB_ACTION",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "GITLAB_DEPLOYMENT",
    "GO_PIPELINE_NAME",
    "HUDSON_URL",
    "JENKINS_URL",
    "MAGNUM",
    "NETLIFY",
    "NEVERCODE",
    "NOW_BUILDER",
    "NOW_GITHUB_DEPLOYMENT",
    "RENDER",
    "SAIL_CI",
    "SEMAPHORE",
    "SHIPPABLE",
    "STRIDER",
    "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
    "TASKCLUSTER_ROOT_URL",
    "TDDIUM",
    "TRAVIS",
    "WERCKER",
    "bamboo.buildKey",
];

/// `CI=false` says no whatever else is set; otherwise `CI` itself or any service's own variable says yes.
pub(super) fn is_ci(input: &Input) -> bool {
    match input.variable("CI") {
        Some("false") => false,
        Some("true" | "1" | "woodpecker") => true,
        _ => SERVICES.iter().any(|name| input.environment.contains_key(*name)),
    }
}
