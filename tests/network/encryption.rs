//! Certificates, HTTP/2 by agreement (ALPN), and what a redirect out of encryption may carry.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect, Response};
use axum::serve::Listener;
use pacwatch::core::network::{NetworkError, NetworkSettings, TlsSettings};
use rcgen::{CertificateParams, CertifiedKey, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;
use url::Url;

use crate::support::registry::Registry;
use crate::{client, get, patient};

/// An authority that exists for the length of a test.
struct Authority {
    certificate: CertificateDer<'static>,
    pem: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let pem = certificate.pem().into_bytes();
        Self { certificate: certificate.der().clone(), pem, issuer: Issuer::new(params, key) }
    }

    fn certify(&self, name: &str) -> CertifiedKey<KeyPair> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        CertifiedKey { cert: params.signed_by(&key, &self.issuer).unwrap(), signing_key: key }
    }
}

struct EncryptedListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for EncryptedListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            // A client that does not like our certificate goes away, and the next one may come.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Starts a server that answers with the request's protocol version and credentials, and redirects `/to?URL`.
async fn encrypted(authority: &Authority, protocols: &[&str], asks_for_certificate: bool) -> String {
    let key = authority.certify("127.0.0.1");
    let builder = ServerConfig::builder();
    let builder = if asks_for_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.clone()).unwrap();
        builder.with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let private = PrivatePkcs8KeyDer::from(key.signing_key.serialize_der());
    let mut config = builder.with_single_cert(vec![key.cert.der().clone()], private.into()).unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let router = Router::new().fallback(tell);
    tokio::spawn(axum::serve(EncryptedListener { listener, acceptor }, router).into_future());
    url
}

async fn tell(request: Request) -> Response {
    if request.uri().path() == "/to" {
        return Redirect::temporary(request.uri().query().unwrap_or_default()).into_response();
    }
    let authorization = request.headers().get("authorization").map(|value| value.to_str().unwrap());
    format!("{:?} {}", request.version(), authorization.unwrap_or("anonymous")).into_response()
}

fn trusting(authority: &Authority) -> NetworkSettings {
    let tls = TlsSettings { extra_authorities: vec![authority.pem.clone()], ..TlsSettings::default() };
    NetworkSettings { tls, ..patient() }
}

#[tokio::test]
async fn http2_is_spoken_where_it_is_offered() {
    let authority = Authority::new();
    let client = client(trusting(&authority));
    for (offered, spoken) in [(&["h2", "http/1.1"][..], "HTTP/2.0"), (&["http/1.1"], "HTTP/1.1")] {
        let url = encrypted(&authority, offered, false).await;
        let body = get(&client, &url).await.unwrap();
        assert_eq!((body.http_version, body.bytes), (spoken, format!("{spoken} anonymous").into()));
    }
}

#[tokio::test]
async fn an_unknown_authority_is_refused_unless_told_otherwise() {
    let authority = Authority::new();
    let url = encrypted(&authority, &["h2"], false).await;
    let error = get(&client(patient()), &url).await.unwrap_err();
    assert!(matches!(error, NetworkError::Tls { .. }), "{error:?}");
    assert!(!error.is_retryable());
    assert!(error.help().unwrap().contains("cafile"));
    let tls = TlsSettings { strict: false, ..TlsSettings::default() };
    assert!(get(&client(NetworkSettings { tls, ..patient() }), &url).await.is_ok());
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_ours() {
    let authority = Authority::new();
    let url = encrypted(&authority, &["http/1.1"], true).await;
    let ours = authority.certify("us");
    let mut settings = trusting(&authority);
    let error = get(&client(settings.clone()), &url).await.unwrap_err();
    assert!(matches!(error, NetworkError::Tls { .. }), "{error:?}");
    settings.tls.identity = Some((ours.cert.pem() + &ours.signing_key.serialize_pem()).into_bytes());
    assert!(get(&client(settings), &url).await.is_ok());
}

#[tokio::test]
async fn a_redirect_out_of_encryption_carries_no_credentials() {
    let authority = Authority::new();
    let encrypted = encrypted(&authority, &["h2"], false).await;
    let plain = Registry::start();
    plain.serve("/x", "content");
    let everywhere = |_: &Url| Some("Bearer t0ken".to_owned());
    let settings = NetworkSettings { credentials: Arc::new(everywhere), ..trusting(&authority) };
    let client = client(settings);
    let body = get(&client, &format!("{encrypted}to?{}", plain.url_of("/x"))).await.unwrap();
    assert_eq!(body.bytes, "content");
    assert_eq!(plain.requests()[0].header("authorization"), None, "though this host has some, too");
    get(&client, &plain.url_of("/x")).await.unwrap();
    assert_eq!(plain.requests()[1].header("authorization"), Some("Bearer t0ken"));
    let body = get(&client, &format!("{encrypted}to?{encrypted}x")).await.unwrap();
    assert_eq!(body.bytes, "HTTP/2.0 Bearer t0ken");
}
