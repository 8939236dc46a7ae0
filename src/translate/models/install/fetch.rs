//! One file of a model: fetched or copied, decompressed, compared with its hash, and put in its place whole.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::super::catalogue::ModelFile;
use super::super::error::ModelError;
use super::super::folder::{hex, read_file};
use super::super::origin::FileOrigin;
use crate::net::{Client, FetchError};

/// Bounds the number of times that a download that breaks off is resumed.
const ATTEMPTS: usize = 4;
/// The status of a server that has no such part: what is there is longer than its file.
const RANGE_NOT_SATISFIABLE: u16 = 416;
/// The largest window of Zstandard, as a power of two: its own default limit.
const MAX_WINDOW: u32 = 27;

/// Gets a file into the folder `place`. A file that is there whole is not fetched again.
pub(super) async fn fetch_file(
    source: &FileOrigin,
    file: &ModelFile,
    downloads: &Path,
    place: &Path,
    client: &Client,
    report: &(dyn Fn(u64) + Sync),
) -> Result<(), ModelError> {
    let target = place.join(&file.name);
    if read_file(&target, file).is_ok() {
        report(file.attachment.size);
        return Ok(());
    }
    fs::create_dir_all(place).map_err(ModelError::file(place))?;
    match source {
        FileOrigin::Plain(path) => {
            let open = File::open(path).map_err(ModelError::file(path))?;
            write_checked(open, file, place)?;
        }
        FileOrigin::Compressed(path) => decompress(path, file, place)?,
        FileOrigin::Address(address) => {
            let part = downloads.join(format!("{}.part", file.attachment.hash));
            download(address, file, &part, client, report).await?;
            let done = decompress(&part, file, place);
            // Whatever is wrong with it, resuming it would not help.
            let _ = fs::remove_file(&part);
            done?;
        }
    }
    report(file.attachment.size);
    Ok(())
}

/// Fetches the compressed file, from where an earlier attempt broke off. If that makes a wrong file, it is fetched once more whole.
async fn download(
    address: &str,
    file: &ModelFile,
    part: &Path,
    client: &Client,
    report: &(dyn Fn(u64) + Sync),
) -> Result<(), ModelError> {
    let mut was_resumed = false;
    let mut attempt = 1;
    loop {
        let before = fs::metadata(part).map_or(0, |meta| meta.len());
        was_resumed |= before > 0;
        let result =
            if before == file.attachment.size { Ok(()) } else { receive(address, file, part, before, client, report).await };
        let has_more = fs::metadata(part).map_or(0, |meta| meta.len()) > before;
        match result {
            Ok(()) => match check_attachment(part, file) {
                Err(_) if was_resumed => {
                    fs::remove_file(part).map_err(ModelError::file(part))?;
                    was_resumed = false;
                }
                Err(error) => {
                    let _ = fs::remove_file(part);
                    return Err(error);
                }
                Ok(()) => return Ok(()),
            },
            Err(ModelError::Fetch(error)) if is_beyond(&error) && before > 0 => {
                fs::remove_file(part).map_err(ModelError::file(part))?;
            }
            // A server that sends nothing more is not asked again.
            Err(error) if attempt == ATTEMPTS || !has_more => return Err(error),
            Err(error) => tracing::debug!("resuming a download: {error}"),
        }
        attempt += 1;
        if attempt > ATTEMPTS * 2 {
            return Err(ModelError::wrong(&file.name, "it cannot be fetched whole"));
        }
    }
}

fn is_beyond(error: &FetchError) -> bool {
    error.status() == Some(RANGE_NOT_SATISFIABLE)
}

/// Appends what the server sends to the part that is there.
async fn receive(
    address: &str,
    file: &ModelFile,
    part: &Path,
    before: u64,
    client: &Client,
    report: &(dyn Fn(u64) + Sync),
) -> Result<(), ModelError> {
    let mut incoming = client.download(address, before).await.map_err(Box::new)?;
    let mut open = File::options();
    open.create(true).append(true);
    let mut out = open.open(part).map_err(ModelError::file(part))?;
    out.set_len(incoming.starts_at).map_err(ModelError::file(part))?;
    let mut length = incoming.starts_at;
    while let Some(bytes) = incoming.next().await.map_err(Box::new)? {
        let bytes = bytes.as_ref();
        length += bytes.len() as u64;
        if length > file.attachment.size {
            let _ = fs::remove_file(part);
            return Err(ModelError::wrong(&file.name, format!("it has more than {} bytes", file.attachment.size)));
        }
        out.write_all(bytes).map_err(ModelError::file(part))?;
        report(length);
    }
    if length < file.attachment.size {
        return Err(ModelError::wrong(&file.name, format!("only {length} of {} bytes came", file.attachment.size)));
    }
    Ok(())
}

/// Compares a compressed file with its record.
fn check_attachment(part: &Path, file: &ModelFile) -> Result<(), ModelError> {
    let mut hash = Sha256::new();
    let mut reader = File::open(part).map_err(ModelError::file(part))?;
    let mut buffer = vec![0_u8; 64 << 10];
    loop {
        let count = reader.read(&mut buffer).map_err(ModelError::file(part))?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
    }
    let found = hex(&hash.finalize());
    if found == file.attachment.hash { Ok(()) } else { Err(ModelError::wrong(&file.name, "what came has another SHA-256")) }
}

fn decompress(path: &Path, file: &ModelFile, place: &Path) -> Result<(), ModelError> {
    let open = || {
        let mut decoder = zstd::Decoder::new(File::open(path)?)?;
        decoder.window_log_max(MAX_WINDOW)?;
        Ok(decoder)
    };
    write_checked(open().map_err(ModelError::file(path))?, file, place)
}

/// Writes a file that must have the size and the hash of its record. It gets its name only then.
fn write_checked(mut reader: impl Read, file: &ModelFile, place: &Path) -> Result<(), ModelError> {
    let target: PathBuf = place.join(&file.name);
    let mut out = NamedTempFile::new_in(place).map_err(ModelError::file(place))?;
    let mut hash = Sha256::new();
    let mut length = 0_u64;
    let mut buffer = vec![0_u8; 64 << 10];
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ModelError::wrong(&file.name, format!("it cannot be decompressed ({error})"))),
        };
        length += count as u64;
        if length > file.decompressed_size {
            return Err(ModelError::wrong(&file.name, format!("it has more than {} bytes", file.decompressed_size)));
        }
        hash.update(&buffer[..count]);
        out.write_all(&buffer[..count]).map_err(ModelError::file(&target))?;
    }
    if length != file.decompressed_size {
        return Err(ModelError::wrong(&file.name, format!("it has {length} bytes instead of {}", file.decompressed_size)));
    }
    if hex(&hash.finalize()) != file.decompressed_hash {
        return Err(ModelError::wrong(&file.name, "it has another SHA-256"));
    }
    out.as_file().sync_all().map_err(ModelError::file(&target))?;
    out.persist(&target).map_err(|error| ModelError::file(&target)(error.error))?;
    Ok(())
}
