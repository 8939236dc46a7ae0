//! Setup of the client: certificates, proxy, invalid settings.

use relais::model::BreakKind;
use relais::net::{Client, ClientError, Options};

use super::{body, broken, client, options};
use crate::support::origin::{Origin, Reply};
use crate::support::tls;

#[tokio::test]
async fn https_needs_the_certificate_named_in_ca() {
    let origin = tls::start().await;
    origin.on("/feed", Reply::ok("<rss/>"));
    origin.on("/down", Reply::redirect(301, "http://127.0.0.1:1/feed"));
    let (kind, message) = broken(&client(), &origin.url("/feed")).await;
    assert_eq!((kind, message.contains("UnknownIssuer")), (BreakKind::Tls, true), "{message}");
    assert_eq!(origin.count(), 0);

    let client = Client::new(Options { ca: Some(tls::CA.into()), ..options() }).expect("a client");
    assert_eq!(body(&client, &origin.url("/feed")).await.bytes, b"<rss/>");
    assert!(origin.seen("/feed")[0].uri.starts_with("https://"), "HTTP/2 names the whole address");
    let (kind, message) = broken(&client, &origin.url("/down")).await;
    assert_eq!((kind, message.contains("which is not encrypted")), (BreakKind::Redirect, true), "{message}");
}

#[tokio::test]
async fn proxy_gets_every_request_except_private_addresses() {
    let proxy = Origin::start().await;
    proxy.on("/feed", Reply::ok("<rss/>"));
    let address = proxy.url("/").replace("http://", "http://ada:hush@");
    let client = Client::new(Options { proxy: Some(address.into()), allow_private: Vec::new(), ..options() }).expect("a client");
    assert_eq!(body(&client, "http://no-such-name.invalid/feed").await.bytes, b"<rss/>");
    assert_eq!(proxy.seen("/feed")[0].uri, "http://no-such-name.invalid/feed");
    assert_eq!(proxy.seen("/feed")[0].header("proxy-authorization"), "Basic YWRhOmh1c2g=");

    for url in ["http://10.0.0.1/feed", "http://localhost./feed", &proxy.url("/feed")] {
        assert_eq!(broken(&client, url).await.0, BreakKind::PrivateAddress, "{url}");
    }
    assert_eq!(proxy.count(), 1);
}

#[test]
fn setup_error_names_the_key_to_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let (absent, empty) = (folder.path().join("absent.pem"), folder.path().join("empty.pem"));
    tempfile::NamedTempFile::new_in(folder.path()).and_then(|file| Ok(file.persist(&empty)?)).expect("a file");
    let said = |options| Client::new(options).err().expect("no client").to_string();

    let message = said(Options { ca: Some(absent), ..options() });
    assert!(message.contains("absent.pem as `ca` of [fetch]: No such file"), "{message}");
    let message = said(Options { ca: Some(empty), ..options() });
    assert!(message.contains("empty.pem as `ca` of [fetch]: it holds no certificate"), "{message}");
    for proxy in ["ftp://ada:hush@proxy/", "ada:hush@proxy", "nothing"] {
        let message = said(Options { proxy: Some(proxy.into()), ..options() });
        assert!(message.contains("`proxy` of [fetch]") && !message.contains("hush"), "{message}");
    }
    assert!(said(Options { user_agent: "a\nb".to_owned(), ..options() }).contains("`user_agent` of [fetch]"));
}

/// The certificates are looked for by environment variables, and only another process can have others than ours.
#[test]
fn missing_system_certificates_are_explained() {
    const CHILD: &str = "RELAIS_TEST_WITHOUT_CERTIFICATES";
    if std::env::var_os(CHILD).is_some() {
        let error = Client::new(options()).err().expect("there is no certificate");
        assert!(matches!(error, ClientError::Certificates { .. }));
        let message = error.to_string();
        assert!(message.contains("SSL_CERT_FILE") && message.contains("`ca` in [fetch]"), "{message}");
        return;
    }
    let name = "net::setup::missing_system_certificates_are_explained";
    let ended = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", name, "--nocapture"])
        .envs([(CHILD, "1"), ("SSL_CERT_FILE", "/nonexistent/file"), ("SSL_CERT_DIR", "/nonexistent/folder")])
        .output()
        .expect("this program runs");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(String::from_utf8_lossy(&ended.stdout).contains("1 passed"));
}
