//! Who gets which secret, and who does not.

use url::Url;

use super::Machine;

/// The header for a URL when these lines are the user's `.npmrc`.
fn header(npmrc: &str, url: &str) -> Option<String> {
    let config = Machine::new().user_npmrc(npmrc).load();
    config.credentials.authorization_for(&Url::parse(url).unwrap()).map(str::to_owned)
}

#[test]
fn a_token_goes_to_its_prefix_and_below() {
    let token = "//host.test/npm/:_authToken=t\n";
    for url in [
        "https://host.test/npm/is-odd",
        "https://host.test/npm/@scope%2fname",
        "https://host.test/npm/a/-/a-1.0.0.tgz",
        "https://host.test/npm/",
        "https://host.test/npm",
        "https://host.test/npm/x?write=true",
        "http://host.test/npm/x",
        "https://host.test:8443/npm/x",
    ] {
        assert_eq!(header(token, url).as_deref(), Some("Bearer t"), "{url}");
    }
}

#[test]
fn a_token_goes_nowhere_else() {
    for (npmrc, url) in [
        ("//host.test/:_authToken=t", "https://other.test/x"),
        ("//host.test/:_authToken=t", "https://host.test.evil.test/x"),
        ("//host.test/:_authToken=t", "https://sub.host.test/x"),
        ("//host.test/:_authToken=t", "https://evil.test/host.test/x"),
        ("//host.test/:_authToken=t", "https://host.test@evil.test/x"),
        ("//host.test:8080/:_authToken=t", "https://host.test/x"),
        ("//host.test:8080/:_authToken=t", "https://host.test:8081/x"),
        ("//host.test/foo/:_authToken=t", "https://host.test/foobar/x"),
        ("//host.test/foo/:_authToken=t", "https://host.test/bar/foo/x"),
        ("//host.test/foo/:_authToken=t", "https://host.test/foo/../bar/x"),
        ("//host.test/foo/:_authToken=t", "https://host.test/foo/%2e%2e/bar/x"),
        ("//host.test/foo/:_authToken=t", "https://host.test/x"),
        ("//host.test/foo:_authToken=t", "https://host.test/foobar/x"),
        ("host.test/:_authToken=t", "https://host.test/x"),
        ("//:_authToken=t", "https://host.test/x"),
        ("///:_authToken=t", "https://host.test/x"),
    ] {
        assert_eq!(header(npmrc, url), None, "{npmrc} {url}");
    }
}

#[test]
fn the_longest_prefix_wins_and_a_port_beats_none() {
    let npmrc = "//host.test/:_authToken=root\n//host.test/a/b/:_authToken=deep\n\
                 //host.test:8080/:_authToken=port\n";
    for (url, token) in [
        ("https://host.test/a/b/c", "deep"),
        ("https://host.test/a/c", "root"),
        ("https://host.test:8080/a/b/c", "port"),
        ("https://host.test:9090/a/b/c", "deep"),
    ] {
        assert_eq!(header(npmrc, url), Some(format!("Bearer {token}")), "{url}");
    }
}

#[test]
fn a_scope_may_have_a_token_of_its_own() {
    let config =
        Machine::new().user_npmrc("//host.test/:_authToken=all\n//host.test/:@org:_authToken=org\n").load();
    let url = Url::parse("https://host.test/@org%2fa").unwrap();
    let header = |package| config.credentials.authorization_for_package(&url, package);
    assert_eq!(header("@org/a"), Some("Bearer org"));
    assert_eq!(header("@other/a"), Some("Bearer all"));
    assert_eq!(header("org"), Some("Bearer all"));
    let elsewhere = Url::parse("https://other.test/@org%2fa").unwrap();
    assert_eq!(config.credentials.authorization_for_package(&elsewhere, "@org/a"), None);
}

#[test]
fn a_token_without_a_registry_is_bound_to_the_registry_of_its_own_file() {
    let machine = Machine::new()
        .user_npmrc("registry=https://mine.test/npm/\n_authToken=t\n")
        .project_npmrc("registry=https://evil.test/\n")
        .project_yaml("registry: https://evil.test/\n");
    let config = machine.load();
    let header =
        |url: &str| config.credentials.authorization_for(&Url::parse(url).unwrap()).map(str::to_owned);
    assert_eq!(header("https://mine.test/npm/x").as_deref(), Some("Bearer t"));
    assert_eq!(header("https://evil.test/x"), None);
    assert!(machine.warnings()[0].contains("//mine.test/npm/:_authToken=…"));
}

#[test]
fn a_token_that_names_its_registry_wins_over_one_that_does_not() {
    let npmrc = "registry=https://mine.test/\n//mine.test/:_authToken=named\n_authToken=unnamed\n";
    assert_eq!(header(npmrc, "https://mine.test/x").as_deref(), Some("Bearer named"));
}

#[test]
fn sources_fill_in_and_replace_each_other() {
    let machine = Machine::new()
        .user_npmrc("//host.test/:_authToken=user\n//only-user.test/:_authToken=user\n")
        .project_npmrc("//host.test/:_authToken=project\n");
    let header = |machine: &Machine, url: &str| {
        let config = machine.load();
        config.credentials.authorization_for(&Url::parse(url).unwrap()).unwrap().to_owned()
    };
    assert_eq!(header(&machine, "https://host.test/x"), "Bearer project");
    assert_eq!(header(&machine, "https://only-user.test/x"), "Bearer user");
    let machine = machine.variable("npm_config_//host.test/:_authToken", "npm");
    assert_eq!(header(&machine, "https://host.test/x"), "Bearer npm");
    let machine = machine.variable("PNPM_CONFIG_//host.test/:_authToken", "pnpm");
    assert_eq!(header(&machine, "https://host.test/x"), "Bearer pnpm");
    let machine =
        machine.variable("pnpm_config__auth", r#"{"https://host.test": {"@": {"authToken": "json"}}}"#);
    assert_eq!(header(&machine, "https://host.test/x"), "Bearer json");
    assert_eq!(machine.load().registries.default.value, "https://host.test/");
}

#[test]
fn a_project_cannot_use_the_users_variables_in_credentials_and_addresses() {
    let machine = Machine::new().variable("SECRET", "s3cret").project_npmrc(
        "//evil.test/:_authToken=${SECRET}\n//evil.test/${SECRET}/:_authToken=t\n\
             //${SECRET}.evil.test/:_authToken=t\n//a.test/:_password=${SECRET}\n//a.test/:key=${SECRET}\n\
             https-proxy=http://evil.test/${SECRET}\n_authToken=${SECRET}\n",
    );
    let config = machine.load();
    assert_eq!(config.credentials.len(), 0);
    assert_eq!(config.proxy.https, None);
    assert!(config.tls.by_prefix.is_empty());
    let warnings = machine.warnings();
    assert_eq!(warnings.len(), 7, "{warnings:?}");
    assert!(warnings.iter().all(|warning| warning.contains(".npmrc") && !warning.contains("s3cret")));
}

#[test]
fn the_user_may_use_variables() {
    let machine = Machine::new()
        .variable("HOST", "host.test")
        .variable("TOKEN", "t")
        .user_npmrc("//${HOST}/:_authToken=${TOKEN}\n//b.test/:_authToken=${UNSET}\n");
    let config = machine.load();
    assert_eq!(
        config.credentials.authorization_for(&Url::parse("https://host.test/x").unwrap()),
        Some("Bearer t")
    );
    assert_eq!(config.credentials.len(), 1, "an unset variable makes no token");
    assert_eq!(
        machine.warnings(),
        ["/home/.npmrc: ${UNSET} names a variable that is not set; it is taken for nothing"]
    );
}

#[test]
fn a_program_that_makes_tokens_is_never_run() {
    let machine = Machine::new().user_npmrc("//host.test/:tokenHelper=/bin/helper\n");
    assert!(machine.load().credentials.is_empty());
    assert!(machine.warnings()[0].contains("//host.test/:tokenHelper is not supported yet"));
    let error =
        Machine::new().project_npmrc("//host.test/:tokenHelper=/bin/helper\n").try_load().unwrap_err();
    assert_eq!(error.code(), Some("ERR_PNPM_TOKEN_HELPER_IN_PROJECT_CONFIG"));
    assert!(error.help().unwrap().contains("home"));
}
