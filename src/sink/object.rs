//! An output in a bucket of an S3 server. Each object is replaced as a whole by one request, and only if its bytes or headers
//! change. An `ETag` is to an object what a stamp is to a file: it changes with the bytes, and is had without reading them.

mod failure;
mod listing;
mod look;
mod settings;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Attribute, Attributes, GetOptions, GetResult, ObjectStore, ObjectStoreExt, PutOptions, PutPayload};

use super::media_type::media_type;
use super::written::{self, Hasher};
use super::{Sink, SinkError, Stamp, WriteOutcome, WrittenFile, is_name};
pub use failure::ObjectFailure;
use listing::{Found, Listed, Listing};
pub use look::ObjectLook;
pub use settings::{BucketSettings, SettingsError};

/// The bucket that `output` names, below its prefix.
pub struct ObjectSink {
    store: AmazonS3,
    /// The address as feeds.toml has it, for messages.
    place: String,
    prefix: String,
    cache_control: String,
    has_credentials: bool,
    /// The listing of the bucket, once something asked.
    listing: Mutex<Option<Listing>>,
}

impl fmt::Debug for ObjectSink {
    /// The client holds credentials, so only the place is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObjectSink").field(&self.place).finish()
    }
}

impl ObjectSink {
    /// Makes the client. Nothing is sent before something is written.
    pub fn open(settings: &BucketSettings) -> Result<Self, SettingsError> {
        Ok(Self {
            store: settings.build()?,
            place: settings.place.clone(),
            prefix: settings.prefix.clone(),
            cache_control: settings.cache_control.clone(),
            has_credentials: settings.has_credentials(),
            listing: Mutex::new(None),
        })
    }

    /// Returns the name of an object. It must stay below the prefix.
    fn resolve(&self, name: &str) -> Result<Path, SinkError> {
        if !is_name(name) {
            return Err(SinkError::Name { name: name.to_owned() });
        }
        Ok(if self.prefix.is_empty() { Path::from(name) } else { Path::from(format!("{}/{name}", self.prefix)) })
    }

    fn failed(&self, attempt: String, error: &object_store::Error) -> SinkError {
        let (failure, detail) = ObjectFailure::classify(error, self.has_credentials);
        SinkError::Object { attempt, place: self.place.clone(), failure, detail }
    }

    /// Returns what the bucket has under a name, by the list, or by asking for it.
    async fn find(&self, name: &str, path: &Path) -> Result<Option<Listed>, SinkError> {
        if !self.listing().as_ref().is_some_and(Listing::is_fresh) {
            let prefix = (!self.prefix.is_empty()).then(|| Path::from(self.prefix.as_str()));
            let listed = Listing::load(&self.store, prefix.as_ref()).await;
            let listed = listed.map_err(|error| self.failed("list the objects".to_owned(), &error))?;
            *self.listing() = Some(listed);
        }
        let found = self.listing().as_ref().map_or(Found::Unknown, |listing| listing.find(path));
        match found {
            Found::Object(listed) => Ok(Some(listed)),
            Found::Nothing => Ok(None),
            Found::Unknown => Ok(self.get(name, path, true).await?.map(|head| listed_of(&head))),
        }
    }

    /// Reads an object, or only what it is. A missing one is no error.
    async fn get(&self, name: &str, path: &Path, head: bool) -> Result<Option<GetResult>, SinkError> {
        match self.store.get_opts(path, GetOptions { head, ..GetOptions::default() }).await {
            Ok(result) => Ok(Some(result)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(format!("read {name:?}"), &error)),
        }
    }

    /// Returns the SHA-256 of an object of this size; nothing of another one.
    async fn hash(&self, name: &str, result: GetResult, size: u64) -> Result<Option<String>, SinkError> {
        let (mut stream, mut hasher, mut left) = (result.into_stream(), Hasher::default(), size);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| self.failed(format!("read {name:?}"), &error))?;
            let Some(rest) = left.checked_sub(chunk.len() as u64) else { return Ok(None) };
            left = rest;
            hasher.update(&chunk);
        }
        Ok((left == 0).then(|| hasher.finish()))
    }

    /// Returns the headers with which an object is served.
    fn attributes(&self, name: &str) -> Attributes {
        let cache_control = self.cache_control.clone();
        Attributes::from_iter([(Attribute::ContentType, media_type(name).to_owned()), (Attribute::CacheControl, cache_control)])
    }

    /// Returns true if an object has these headers.
    fn has_attributes(&self, name: &str, result: &GetResult) -> bool {
        let wanted = self.attributes(name);
        wanted.iter().all(|(key, value)| result.attributes.get(key) == Some(value))
    }

    /// Returns the stamp of an object: other headers make another one.
    fn stamp(&self, name: &str, e_tag: Option<&str>) -> Stamp {
        Stamp::of_object(e_tag.unwrap_or_default(), media_type(name), &self.cache_control)
    }

    fn note(&self, path: &Path, object: Option<Listed>) {
        if let Some(listing) = self.listing().as_mut() {
            listing.note(path, object);
        }
    }

    fn listing(&self) -> MutexGuard<'_, Option<Listing>> {
        // The list is consistent after each change: a panic elsewhere spoils nothing.
        self.listing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write_object(&self, name: &str, bytes: Vec<u8>) -> Result<(WriteOutcome, WrittenFile), SinkError> {
        let path = self.resolve(name)?;
        let (size, sha256) = (bytes.len() as u64, written::sha256(&bytes));
        let written = |e_tag: Option<&str>| WrittenFile {
            name: name.to_owned(),
            size,
            sha256: sha256.clone(),
            stamp: self.stamp(name, e_tag),
        };
        if self.find(name, &path).await?.is_some_and(|listed| listed.size == size)
            && let Some(there) = self.get(name, &path, false).await?
            && self.has_attributes(name, &there)
        {
            let e_tag = there.meta.e_tag.clone();
            if self.hash(name, there, size).await?.as_deref() == Some(&sha256) {
                return Ok((WriteOutcome::Same, written(e_tag.as_deref())));
            }
        }
        let options = PutOptions { attributes: self.attributes(name), ..PutOptions::default() };
        let put = self.store.put_opts(&path, PutPayload::from(bytes), options).await;
        let mut e_tag = put.map_err(|error| self.failed(format!("write {name:?}"), &error))?.e_tag;
        if e_tag.is_none() {
            e_tag = self.get(name, &path, true).await?.and_then(|head| head.meta.e_tag);
        }
        let written = written(e_tag.as_deref());
        self.note(&path, Some(Listed { size, e_tag }));
        Ok((WriteOutcome::New, written))
    }

    async fn verify_object(&self, file: &WrittenFile) -> Result<Option<WrittenFile>, SinkError> {
        let path = self.resolve(&file.name)?;
        let Some(head) = self.get(&file.name, &path, true).await? else { return Ok(None) };
        if head.meta.size != file.size || !self.has_attributes(&file.name, &head) {
            return Ok(None);
        }
        let stamp = self.stamp(&file.name, head.meta.e_tag.as_deref());
        // Servers check the bytes of what they store, so that an object that nobody has replaced need not be read.
        if head.meta.e_tag.is_some() && stamp == file.stamp {
            return Ok(Some(file.clone()));
        }
        let Some(body) = self.get(&file.name, &path, false).await? else { return Ok(None) };
        let (e_tag, hash) = (body.meta.e_tag.clone(), self.hash(&file.name, body, file.size).await?);
        let is_whole = hash.as_deref() == Some(&file.sha256);
        Ok(is_whole.then(|| WrittenFile { stamp: self.stamp(&file.name, e_tag.as_deref()), ..file.clone() }))
    }
}

fn listed_of(result: &GetResult) -> Listed {
    Listed { size: result.meta.size, e_tag: result.meta.e_tag.clone() }
}

impl Sink for ObjectSink {
    fn write<'s>(&'s self, name: &'s str, bytes: Vec<u8>) -> BoxFuture<'s, Result<(WriteOutcome, WrittenFile), SinkError>> {
        self.write_object(name, bytes).boxed()
    }

    fn has<'s>(&'s self, name: &'s str) -> BoxFuture<'s, Result<bool, SinkError>> {
        async move { Ok(self.find(name, &self.resolve(name)?).await?.is_some()) }.boxed()
    }

    fn is_unchanged<'s>(&'s self, file: &'s WrittenFile) -> BoxFuture<'s, Result<bool, SinkError>> {
        let check = async move {
            let found = self.find(&file.name, &self.resolve(&file.name)?).await?;
            Ok(found.is_some_and(|found| {
                found.size == file.size && found.e_tag.is_some() && self.stamp(&file.name, found.e_tag.as_deref()) == file.stamp
            }))
        };
        check.boxed()
    }

    fn verify<'s>(&'s self, file: &'s WrittenFile) -> BoxFuture<'s, Result<Option<WrittenFile>, SinkError>> {
        self.verify_object(file).boxed()
    }

    fn remove<'s>(&'s self, name: &'s str) -> BoxFuture<'s, Result<(), SinkError>> {
        let remove = async move {
            let path = self.resolve(name)?;
            match self.store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(self.failed(format!("remove {name:?}"), &error)),
            }
            self.note(&path, None);
            Ok(())
        };
        remove.boxed()
    }
}
