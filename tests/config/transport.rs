//! Proxies and certificates.

use pacwatch::core::config::{Config, NoProxy};
use url::Url;

use super::Machine;

const PEM: &str = "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----";

fn proxies(config: &Config) -> (Option<String>, Option<String>) {
    let value =
        |proxy: &Option<pacwatch::core::config::Sourced<String>>| proxy.as_ref().map(|url| url.value.clone());
    (value(&config.proxy.https), value(&config.proxy.http))
}

#[test]
fn proxies_are_looked_for_in_order() {
    let both = |url: &str| (Some(url.to_owned()), Some(url.to_owned()));
    let machine = Machine::new();
    assert_eq!(proxies(&machine.load()), (None, None));
    let machine = machine.variable("PROXY", "http://plain.test");
    assert_eq!(proxies(&machine.load()), (None, Some("http://plain.test".to_owned())));
    let machine = machine.variable("http_proxy", "http://lower.test");
    assert_eq!(proxies(&machine.load()), (None, Some("http://lower.test".to_owned())));
    let machine = machine.variable("HTTPS_PROXY", "http://upper.test");
    assert_eq!(proxies(&machine.load()), both("http://upper.test"));
    let machine = machine.user_npmrc("proxy=http://legacy.test\n");
    assert_eq!(proxies(&machine.load()), both("http://legacy.test"));
    let machine = machine.project_yaml("httpsProxy: http://yaml.test\n");
    assert_eq!(proxies(&machine.load()), both("http://yaml.test"));
    let machine = machine.variable("PNPM_CONFIG_HTTP_PROXY", "http://http.test");
    let expected = (Some("http://yaml.test".to_owned()), Some("http://http.test".to_owned()));
    assert_eq!(proxies(&machine.load()), expected);
}

#[test]
fn proxy_false_switches_variables_off() {
    let machine =
        Machine::new().variable("HTTPS_PROXY", "http://a.test").variable("HTTP_PROXY", "http://a.test");
    assert_eq!(proxies(&machine.user_npmrc("proxy=false\n").load()), (None, None));
    let machine = Machine::new().variable("HTTPS_PROXY", "http://a.test").project_yaml("proxy: false\n");
    assert_eq!(proxies(&machine.load()), (None, None));
}

#[test]
fn hosts_without_a_proxy() {
    let no_proxy = |machine: &Machine| machine.load().proxy.no_proxy;
    let machine = Machine::new().variable("NO_PROXY", "example.test, .local ,127.0.0.1");
    let exceptions = no_proxy(&machine);
    for (host, covered) in [
        ("example.test", true),
        ("Sub.Example.TEST", true),
        ("badexample.test", false),
        ("a.local", true),
        ("127.0.0.1", true),
        ("27.0.0.1", false),
        ("test", false),
    ] {
        assert_eq!(exceptions.covers(host), covered, "{host}");
    }
    assert_eq!(no_proxy(&machine.user_npmrc("noproxy=true\n")), NoProxy::All);
    assert!(!no_proxy(&Machine::new()).covers("example.test"));
}

#[test]
fn certificates_come_from_settings_files_and_node() {
    let machine = Machine::new();
    Machine::write(&machine.home().join("ca.pem"), &format!("{PEM}\n{PEM}\n"));
    Machine::write(&machine.path("extra.pem"), PEM);
    let extra = machine.path("extra.pem");
    let machine = machine.variable("NODE_EXTRA_CA_CERTS", extra.to_str().unwrap()).user_npmrc(&format!(
        "ca[]={}\ncafile=ca.pem\nstrict-ssl=false\n//host.test/:cert=a\\nb\n//host.test/:keyfile=ca.pem\n",
        PEM.replace('\n', "\\n")
    ));
    let config = machine.load();
    assert_eq!(config.tls.ca, [PEM, PEM, PEM]);
    assert_eq!(config.tls.extra_ca, [PEM]);
    assert!(!*config.tls.strict_ssl);
    let of_host = config.tls.for_url(&Url::parse("https://host.test/x").unwrap()).unwrap();
    assert_eq!(of_host.cert.as_deref(), Some("a\nb"));
    assert!(of_host.key.as_deref().unwrap().starts_with(PEM));
    assert!(config.tls.for_url(&Url::parse("https://other.test/x").unwrap()).is_none());
    assert!(!format!("{:?}", config.tls).contains("BEGIN"));
}

#[test]
fn a_client_certificate_without_a_registry_is_bound_to_the_registry_of_its_file() {
    let config = Machine::new().user_npmrc("registry=https://mine.test/\ncert=c\nkey=k\n").load();
    let identity = config.tls.for_url(&Url::parse("https://mine.test/x").unwrap()).unwrap();
    assert_eq!((identity.cert.as_deref(), identity.key.as_deref()), (Some("c"), Some("k")));
    assert!(config.tls.for_url(&Url::parse("https://other.test/x").unwrap()).is_none());
}

#[test]
fn certificates_that_cannot_be_read_are_mentioned_and_left_out() {
    let machine = Machine::new().user_npmrc("cafile=absent.pem\n//host.test/:certfile=absent.pem\n");
    let config = machine.load();
    assert!(config.tls.ca.is_empty() && config.tls.by_prefix.is_empty());
    assert_eq!(machine.warnings().len(), 2);
}

#[test]
fn strictness_and_address_can_be_set_anywhere() {
    let machine = Machine::new().user_npmrc("strict-ssl=true\n").project_yaml("strictSsl: false\n");
    assert!(!*machine.load().tls.strict_ssl);
    let machine =
        machine.variable("PNPM_CONFIG_STRICT_SSL", "true").variable("PNPM_CONFIG_LOCAL_ADDRESS", "::1");
    assert!(*machine.load().tls.strict_ssl);
    assert_eq!(*machine.load().local_address, Some("::1".parse().unwrap()));
}

#[test]
fn connections_may_leave_from_an_address() {
    let config = Machine::new().user_npmrc("local-address=127.0.0.1\n").load();
    assert_eq!(*config.local_address, Some("127.0.0.1".parse().unwrap()));
}
