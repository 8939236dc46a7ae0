//! Reading what others have written to a bucket, to serve it.

use std::time::SystemTime;

use futures::StreamExt;
use object_store::{GetOptions, ObjectStore};

use super::super::SinkError;
use super::ObjectSink;

/// The finding of a look at an object.
pub enum ObjectLook {
    /// It has the `ETag` that is known.
    Same,
    /// There is none, or it is too large.
    Missing,
    /// Another one.
    Changed {
        /// Its bytes.
        bytes: Vec<u8>,
        /// The time at which it was written.
        modified: SystemTime,
        /// Its `ETag`.
        e_tag: Option<String>,
    },
}

impl ObjectSink {
    /// Reads an object of at most `most` bytes, unless it has the `ETag` that is known (RFC 9110 §13.1.2).
    pub async fn look(&self, name: &str, known: Option<&str>, most: u64) -> Result<ObjectLook, SinkError> {
        let path = self.resolve(name)?;
        let options = GetOptions { if_none_match: known.map(str::to_owned), ..GetOptions::default() };
        let result = match self.store.get_opts(&path, options).await {
            Ok(result) => result,
            Err(object_store::Error::NotModified { .. }) => return Ok(ObjectLook::Same),
            Err(object_store::Error::NotFound { .. }) => return Ok(ObjectLook::Missing),
            Err(error) => return Err(self.failed(format!("read {name:?}"), &error)),
        };
        if result.meta.size > most {
            return Ok(ObjectLook::Missing);
        }
        let (modified, e_tag) = (SystemTime::from(result.meta.last_modified), result.meta.e_tag.clone());
        let (mut stream, mut bytes) = (result.into_stream(), Vec::new());
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| self.failed(format!("read {name:?}"), &error))?;
            if (bytes.len() + chunk.len()) as u64 > most {
                return Ok(ObjectLook::Missing);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(ObjectLook::Changed { bytes, modified, e_tag })
    }
}
