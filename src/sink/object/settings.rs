//! The settings of a bucket, and the client that is made of them.

use std::path::PathBuf;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{BackoffConfig, Certificate, ClientOptions, HeaderValue, RetryConfig};
use secrecy::{ExposeSecret, SecretString};

/// The number of times that a request is sent again: after a network failure, 408, 429 or a 5xx.
const RETRIES: usize = 3;

/// The time limit of connecting to the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The variables of which each says that there are credentials.
const CREDENTIALS: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// A bucket, and how its server is reached.
#[derive(Clone, Debug)]
pub struct BucketSettings {
    /// The address as feeds.toml has it, for messages.
    pub place: String,
    /// The name of the bucket.
    pub bucket: String,
    /// The part of the objects' names that stands before the names of files; may be empty.
    pub prefix: String,
    /// The address of the server, without the bucket and a `/` at the end. `None` is AWS.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// True if the bucket is named in the path, false if in the host.
    pub path_style: bool,
    /// The access key and its secret.
    pub key: Option<(SecretString, SecretString)>,
    /// Variables of the environment that state credentials and region (`AWS_…`).
    pub environment: Vec<(&'static str, SecretString)>,
    /// The `Cache-Control` header of the objects.
    pub cache_control: String,
    /// The time limit of one request.
    pub timeout: Duration,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// A file of further certificates (PEM) to trust.
    pub ca: Option<PathBuf>,
}

/// A client cannot be made of the settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The library refuses them.
    #[error("cannot use the bucket {place}: {reason}; check [s3] in feeds.toml, and the variables AWS_… of the environment")]
    Refused {
        /// The bucket.
        place: String,
        /// The message of the library.
        reason: String,
    },
    /// The certificates cannot be read.
    #[error("cannot read the certificates of {file:?} ({reason}), which `ca` in [fetch] names")]
    Certificates {
        /// The file.
        file: PathBuf,
        /// The reason.
        reason: String,
    },
}

impl BucketSettings {
    /// Returns true if somebody has stated whose credentials to use. Without, the machine may have a role.
    pub(super) fn has_credentials(&self) -> bool {
        self.key.is_some() || self.environment.iter().any(|(name, _)| CREDENTIALS.contains(name))
    }

    /// Makes the client.
    pub(super) fn build(&self) -> Result<AmazonS3, SettingsError> {
        let mut builder = AmazonS3Builder::new();
        for (name, value) in &self.environment {
            if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
                builder = builder.with_config(key, value.expose_secret());
            }
        }
        if let Some((access, secret)) = &self.key {
            // A token of the environment belongs to the key of the environment.
            let token = builder.get_config_value(&AmazonS3ConfigKey::Token).is_some();
            if token {
                builder = self.without_token();
            }
            builder = builder.with_access_key_id(access.expose_secret()).with_secret_access_key(secret.expose_secret());
        }
        if let Some(region) = &self.region {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = &self.endpoint {
            let endpoint = if self.path_style { endpoint.clone() } else { in_host(endpoint, &self.bucket) };
            builder = builder.with_endpoint(endpoint);
        }
        let is_clear = self.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        builder
            .with_bucket_name(&self.bucket)
            .with_virtual_hosted_style_request(!self.path_style)
            .with_disable_bulk_delete(true)
            .with_retry(self.retry())
            .with_client_options(self.client_options()?.with_allow_http(is_clear))
            .build()
            .map_err(|error| self.refused(&error))
    }

    /// Begins with the region of the environment only.
    fn without_token(&self) -> AmazonS3Builder {
        let region = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        let region = region.iter().find_map(|name| self.environment.iter().find(|(other, _)| other == name));
        let builder = AmazonS3Builder::new();
        if let Some((_, region)) = region { builder.with_region(region.expose_secret()) } else { builder }
    }

    fn retry(&self) -> RetryConfig {
        let backoff = BackoffConfig { init_backoff: Duration::from_millis(200), max_backoff: Duration::from_secs(5), base: 2.0 };
        RetryConfig { backoff, max_retries: RETRIES, retry_timeout: self.timeout }
    }

    fn client_options(&self) -> Result<ClientOptions, SettingsError> {
        let mut options = ClientOptions::new()
            .with_timeout(self.timeout)
            .with_connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
            .with_user_agent(HeaderValue::from_str(&self.user_agent).unwrap_or(HeaderValue::from_static("relais")));
        if let Some(file) = &self.ca {
            let failed = |reason: String| SettingsError::Certificates { file: file.clone(), reason };
            let pem = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
            for certificate in Certificate::from_pem_bundle(&pem).map_err(|error| failed(error.to_string()))? {
                options = options.with_root_certificate(certificate);
            }
        }
        Ok(options)
    }

    fn refused(&self, error: &object_store::Error) -> SettingsError {
        SettingsError::Refused { place: self.place.clone(), reason: error.to_string() }
    }
}

/// Puts the bucket before the host of an address.
fn in_host(endpoint: &str, bucket: &str) -> String {
    match endpoint.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{bucket}.{rest}"),
        None => endpoint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> BucketSettings {
        BucketSettings {
            place: "s3://feeds/a".to_owned(),
            bucket: "feeds".to_owned(),
            prefix: "a".to_owned(),
            endpoint: None,
            region: None,
            path_style: false,
            key: Some(("id".into(), "hunter2".into())),
            environment: vec![
                ("AWS_ACCESS_KEY_ID", "other".into()),
                ("AWS_SESSION_TOKEN", "token".into()),
                ("AWS_REGION", "eu-west-3".into()),
            ],
            cache_control: "max-age=300".to_owned(),
            timeout: Duration::from_secs(30),
            user_agent: "relais".to_owned(),
            ca: None,
        }
    }

    #[test]
    fn bucket_stands_in_the_host_if_it_is_not_in_the_path() {
        assert_eq!(
            in_host("https://s3.oss-eu-central-1.aliyuncs.com", "feeds"),
            "https://feeds.s3.oss-eu-central-1.aliyuncs.com"
        );
    }

    #[test]
    fn token_of_the_environment_is_not_sent_with_another_key() {
        let store = format!("{:?}", settings().without_token());
        assert!(!store.contains("\"token\"") && store.contains("eu-west-3"), "{store}");
    }

    #[test]
    fn settings_do_not_show_secrets() {
        let shown = format!("{:?} {:?}", settings(), super::super::ObjectSink::open(&settings()).expect("a client"));
        assert!(!shown.contains("hunter2") && !shown.contains("other"), "{shown}");
    }
}
