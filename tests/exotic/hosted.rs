//! Repositories of a well-known host, played by a server behind a proxy on loopback.

use std::sync::{Arc, Mutex};

use pacwatch::core::network::{NetworkSettings, ProxySettings, TlsSettings};
use rcgen::{CertificateParams, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::support::packages::Package;
use crate::{Desk, patient, resolution};

const COMMIT: &str = "208358630c97edfb9f8af57d2ce7ef2ab0a0ec98";
const HOST: &str = "codeload.github.com";

/// A proxy that leads everybody to one server, which is every host and has one archive.
struct World {
    settings: NetworkSettings,
    asked: Arc<Mutex<Vec<String>>>,
}

impl World {
    async fn start(path: &'static str, archive: Vec<u8>) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![HOST.to_owned()]).unwrap().self_signed(&key).unwrap();
        let pem = certificate.pem().into_bytes();
        let private = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, archive, heard) = (acceptor.clone(), archive.clone(), Arc::clone(&heard));
                tokio::spawn(serve(stream, acceptor, path, archive, heard));
            }
        });
        let settings = NetworkSettings {
            proxy: ProxySettings { https: Some(proxy), ..ProxySettings::default() },
            tls: TlsSettings { extra_authorities: vec![pem], ..TlsSettings::default() },
            credentials: Arc::new(|_: &url::Url| Some("Bearer t0ken".to_owned())),
            ..patient()
        };
        Self { settings, asked }
    }
}

async fn serve(
    mut stream: TcpStream,
    acceptor: TlsAcceptor,
    path: &str,
    archive: Vec<u8>,
    heard: Arc<Mutex<Vec<String>>>,
) {
    head(&mut stream).await;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let mut stream = acceptor.accept(stream).await.unwrap();
    let request = head(&mut stream).await;
    let mut words = request.split(' ');
    let (method, asked) = (words.next().unwrap(), words.next().unwrap());
    let secret = if request.to_ascii_lowercase().contains("authorization:") { " with a secret" } else { "" };
    heard.lock().unwrap().push(format!("{method} {asked}{secret}"));
    let status = if asked == path { "200 OK" } else { "404 Not Found" };
    let length = if asked == path { archive.len() } else { 0 };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    if method == "GET" && asked == path {
        stream.write_all(&archive).await.unwrap();
    }
    stream.shutdown().await.unwrap();
}

async fn head(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn the_archive_of_a_commit_is_recorded_if_everybody_may_have_it() {
    let package = Package::new("repository", "1.0.0")
        .deprecated("old")
        .file("packages/sub/package.json", r#"{"name":"sub","version":"0.3.0"}"#);
    let path = "/me/repo/tar.gz/208358630c97edfb9f8af57d2ce7ef2ab0a0ec98";
    let world = World::start(path, package.tarball()).await;
    let desk = Desk::with(world.settings, false);
    let (archive, integrity) = (format!("https://{HOST}{path}"), package.integrity());

    let resolved = desk.ask(&format!("me/repo#{COMMIT}")).await.unwrap();
    assert_eq!(*resolved.id, format!("repository@{archive}"));
    assert_eq!(resolution(&resolved), format!("git-hosted tarball {archive} {integrity}"));
    assert_eq!(resolved.normalized_specifier.as_deref(), Some(&*format!("github:me/repo#{COMMIT}")));
    assert_eq!(resolved.manifest.deprecated, None);

    // Whether everybody may have it is asked as anybody; the download may use what is configured for the host.
    let expected = [format!("HEAD {path}"), format!("GET {path} with a secret")];
    assert_eq!(*world.asked.lock().unwrap(), expected);

    let specifier = format!("git+ssh://git@github.com:me/repo.git#{COMMIT}&path:/packages/sub");
    let resolved = desk.ask(&specifier).await.unwrap();
    assert_eq!(*resolved.id, format!("sub@{archive}#path:/packages/sub"));
    assert_eq!(resolution(&resolved), format!("git-hosted tarball {archive} {integrity} path=/packages/sub"));
    assert_eq!(resolved.version.as_deref(), Some("0.3.0"));
}
