//! Where objects are: in memory, or one file each in a folder a bucket. A file's first line is what is said of the object
//! (JSON), the rest are its bytes; it is called by the digest of its key, which may be any text. Files are written whole
//! and synced before anybody hears of it.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use jiff::Timestamp;
use s3s::crypto::{Checksum, Md5};
use serde::{Deserialize, Serialize};
use shared::clock::Clock;
use shared::secret::sha256_hex;

use super::super::on_a_thread;
use super::{EngineError, PUBLIC, UPLOADS};
use crate::data::write_whole;

/// What is said of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// The digest of its bytes, in hex, without quotes.
    pub etag: String,
    /// Its size, in bytes.
    pub size: u64,
    /// When it was written.
    pub modified: Timestamp,
    /// What it says it is.
    pub content_type: Option<String>,
    /// How long it may be kept by who reads it.
    pub cache_control: Option<String>,
    /// What its writer noted.
    pub metadata: BTreeMap<String, String>,
}

/// An object with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What is said of it.
    pub head: Head,
    /// Its bytes.
    pub bytes: Bytes,
}

/// What is to be written.
pub(super) struct New {
    pub bucket: String,
    pub key: String,
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub metadata: HashMap<String, String>,
    pub bytes: Bytes,
}

/// The objects.
pub(super) struct Kept {
    clock: Clock,
    folder: Option<PathBuf>,
    /// By bucket and key. Whoever writes holds it until the file is there: of two conditional writes one is the first.
    objects: Mutex<BTreeMap<(String, String), Entry>>,
}

#[derive(Clone)]
struct Entry {
    head: Head,
    /// None: in its file.
    bytes: Option<Bytes>,
}

impl Kept {
    pub fn memory(clock: Clock) -> Self {
        Self {
            clock,
            folder: None,
            objects: Mutex::default(),
        }
    }

    pub fn open(folder: &Path, clock: Clock) -> Result<Self, EngineError> {
        let mut objects = BTreeMap::new();
        for bucket in [UPLOADS, PUBLIC] {
            let path = folder.join(bucket);
            std::fs::create_dir_all(&path)?;
            for entry in std::fs::read_dir(&path)? {
                let path = entry?.path();
                // A write that was cut off.
                if path.extension().is_some() {
                    std::fs::remove_file(&path)?;
                    continue;
                }
                let head = read_head(&mut BufReader::new(File::open(&path)?))
                    .map_err(|source| EngineError::Object { path, source })?;
                objects.insert((head.bucket.clone(), head.key.clone()), Entry { head, bytes: None });
            }
        }
        Ok(Self {
            clock,
            folder: Some(folder.to_owned()),
            objects: Mutex::new(objects),
        })
    }

    pub async fn get(self: &Arc<Self>, bucket: &str, key: &str) -> io::Result<Option<Object>> {
        let name = (bucket.to_owned(), key.to_owned());
        let Some(entry) = self.objects().get(&name).cloned() else {
            return Ok(None);
        };
        if let Some(bytes) = entry.bytes {
            let head = entry.head;
            return Ok(Some(Object { head, bytes }));
        }
        let kept = Arc::clone(self);
        on_a_thread(move || {
            let Some(path) = kept.path(&name.0, &name.1) else {
                return Ok(None);
            };
            // The file itself says what it is: it may have been replaced since.
            let mut file = match File::open(path) {
                Ok(file) => BufReader::new(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let head = read_head(&mut file)?;
            let mut bytes = Vec::with_capacity(usize::try_from(head.size).unwrap_or(0));
            file.read_to_end(&mut bytes)?;
            let bytes = bytes.into();
            Ok(Some(Object { head, bytes }))
        })
        .await
    }

    pub fn head(&self, bucket: &str, key: &str) -> Option<Head> {
        let name = (bucket.to_owned(), key.to_owned());
        self.objects().get(&name).map(|entry| entry.head.clone())
    }

    /// Writes, if `may` allows it over what is there. None: it did not.
    pub async fn put(
        self: &Arc<Self>,
        new: New,
        may: impl FnOnce(Option<&Head>) -> bool + Send + 'static,
    ) -> io::Result<Option<Head>> {
        let kept = Arc::clone(self);
        let write = move || {
            let name = (new.bucket.clone(), new.key.clone());
            let mut objects = kept.objects();
            if !may(objects.get(&name).map(|entry| &entry.head)) {
                return Ok(None);
            }
            let head = Head {
                bucket: new.bucket,
                key: new.key,
                etag: data_encoding::HEXLOWER.encode(Md5::checksum(&new.bytes).as_ref()),
                size: new.bytes.len() as u64,
                modified: kept.clock.now(),
                content_type: new.content_type,
                cache_control: new.cache_control,
                metadata: new.metadata.into_iter().collect(),
            };
            let bytes = match &kept.folder {
                None => Some(new.bytes),
                Some(folder) => {
                    let mut content = serde_json::to_vec(&head)?;
                    content.push(b'\n');
                    content.extend_from_slice(&new.bytes);
                    write_whole(&folder.join(&head.bucket), &file_name(&head.key), &content)?;
                    None
                }
            };
            let written = head.clone();
            objects.insert(name, Entry { head, bytes });
            Ok(Some(written))
        };
        match self.folder {
            Some(_) => on_a_thread(write).await,
            None => write(),
        }
    }

    pub async fn delete(self: &Arc<Self>, bucket: &str, key: &str) -> io::Result<()> {
        let (kept, name) = (Arc::clone(self), (bucket.to_owned(), key.to_owned()));
        on_a_thread(move || {
            let mut objects = kept.objects();
            if let Some(path) = kept.path(&name.0, &name.1) {
                match std::fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            objects.remove(&name);
            Ok(())
        })
        .await
    }

    /// By key, after `after`, at most `limit`.
    pub fn list(&self, bucket: &str, prefix: &str, after: &str, limit: usize) -> Vec<Head> {
        let objects = self.objects();
        let from = (bucket.to_owned(), prefix.max(after).to_owned());
        objects
            .range(from..)
            .take_while(|((of, key), _)| of == bucket && (key.starts_with(prefix) || key.as_str() < prefix))
            .filter(|((_, key), _)| key.starts_with(prefix) && key.as_str() > after)
            .take(limit)
            .map(|(_, entry)| entry.head.clone())
            .collect()
    }

    fn path(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(folder.join(bucket).join(file_name(key)))
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<(String, String), Entry>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn file_name(key: &str) -> String {
    sha256_hex(key.as_bytes())
}

fn read_head(file: &mut impl BufRead) -> io::Result<Head> {
    let mut line = Vec::new();
    file.read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line)?)
}
