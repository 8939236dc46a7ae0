//! The notifications of a plan.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::model::Lang;

/// A receiver of the news of an edition: `[notify.ID]`.
#[derive(Clone, Debug)]
pub struct Notification {
    /// Its name.
    pub id: String,
    /// The edition, which exists.
    pub edition: String,
    /// One of the languages of the edition; `None` if it has none.
    pub lang: Option<Lang>,
    /// The receiver.
    pub receiver: Receiver,
    /// The reason, as a sentence, if its address or its secret could not be read. Only commands that deliver need them.
    pub problem: Option<String>,
    /// The time limit of one delivery.
    pub timeout: Duration,
    /// The time after which an event is given up that cannot be delivered.
    pub give_up_after: Duration,
    /// The number of items that are told when it is new.
    pub backlog: usize,
}

/// The receiver of a notification.
#[derive(Clone, Debug)]
pub enum Receiver {
    /// A server that is posted to.
    Webhook {
        /// The address: http or https.
        url: SecretString,
        /// The key of the signatures, decoded bytes in base64.
        key: Option<SecretString>,
    },
    /// A topic of an ntfy server.
    Ntfy {
        /// The address of the topic.
        url: SecretString,
        /// The access token.
        token: Option<SecretString>,
        /// The priority of messages, from 1 to 5.
        priority: Option<u8>,
        /// The tags of messages.
        tags: Vec<String>,
    },
    /// A program that is started.
    Exec {
        /// The program: an absolute path, or a name that is looked for in `PATH`.
        program: PathBuf,
        /// Its arguments.
        args: Vec<String>,
        /// The folder in which it runs: that of feeds.toml.
        folder: PathBuf,
    },
}

impl Notification {
    /// Returns a hash of the address, to tell another one from it. The address may be a secret.
    pub fn address_hash(&self) -> String {
        let address = match &self.receiver {
            Receiver::Webhook { url, .. } | Receiver::Ntfy { url, .. } => url.expose_secret().to_owned(),
            Receiver::Exec { program, args, .. } => format!("{} {args:?}", program.display()),
        };
        blake3::hash(address.as_bytes()).to_hex()[..16].to_owned()
    }
}
