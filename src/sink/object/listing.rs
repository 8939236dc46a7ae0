//! What is in the bucket, as far as one list tells: so that a pass over an unchanged world costs one request for a thousand objects.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Error, ObjectStore};
use tokio::time::Instant;

/// The time for which a list is believed. A daemon that looks at its output each minute asks six times an hour.
const MAX_AGE: Duration = Duration::from_mins(10);

/// The most objects that are listed: a prefix that others fill must not fill the memory. What is beyond is asked for one by one.
const MAX_OBJECTS: usize = 50_000;

/// An object as a list tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) size: u64,
    pub(super) e_tag: Option<String>,
}

/// The objects below the prefix.
#[derive(Debug)]
pub(super) struct Listing {
    objects: HashMap<Path, Listed>,
    is_complete: bool,
    at: Instant,
}

/// The entry of a list for an object.
pub(super) enum Found {
    Object(Listed),
    Nothing,
    /// The list does not reach so far.
    Unknown,
}

impl Listing {
    /// Lists the objects below a prefix.
    pub(super) async fn load(store: &AmazonS3, prefix: Option<&Path>) -> Result<Self, Error> {
        let at = Instant::now();
        let mut stream = store.list(prefix);
        let (mut objects, mut is_complete) = (HashMap::new(), true);
        while let Some(meta) = stream.next().await {
            let meta = meta?;
            if objects.len() >= MAX_OBJECTS {
                is_complete = false;
                break;
            }
            objects.insert(meta.location, Listed { size: meta.size, e_tag: meta.e_tag });
        }
        Ok(Self { objects, is_complete, at })
    }

    pub(super) fn is_fresh(&self) -> bool {
        self.at.elapsed() < MAX_AGE
    }

    pub(super) fn find(&self, path: &Path) -> Found {
        match self.objects.get(path) {
            // A list without tags says too little.
            Some(Listed { e_tag: None, .. }) => Found::Unknown,
            Some(listed) => Found::Object(listed.clone()),
            None if self.is_complete => Found::Nothing,
            None => Found::Unknown,
        }
    }

    /// Notes what has just been written or removed.
    pub(super) fn note(&mut self, path: &Path, object: Option<Listed>) {
        match object {
            Some(object) => drop(self.objects.insert(path.clone(), object)),
            None => drop(self.objects.remove(path)),
        }
    }
}
