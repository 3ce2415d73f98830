//! The data folder: what is in it, who may use it, and how its files are written.
//!
//! | file | what |
//! |---|---|
//! | `format` | the mark of a Nightbell data folder, and the version of what is in it |
//! | `lock` | held by the one process that uses the folder; its number |
//! | `master.key` | the master key, in hex |
//! | `table.sqlite3` (`-wal`, `-shm`) | the table |
//! | `objects/` | the buckets: pictures, and what was posted to become one |
//! | `cert.pem`, `cert.key` | our own certificate, with `--tls` |
//! | `demo.json` | what a script needs to try this Nightbell out |
//!
//! Files with secrets are its owner's alone (0600), and so is a folder that is made here (0700). No file but these is
//! ever touched.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use shared::secret::{MasterKey, MasterKeyInvalid, Random};

const FORMAT: &str = "format";
const LOCK: &str = "lock";
const MASTER_KEY: &str = "master.key";
const TABLE: &str = "table.sqlite3";
const OBJECTS: &str = "objects";

/// Files that `--fresh` deletes: all but the mark and the lock, which is held meanwhile.
const CONTENTS: [&str; 7] = [
    TABLE,
    "table.sqlite3-wal",
    "table.sqlite3-shm",
    MASTER_KEY,
    "cert.pem",
    "cert.key",
    "demo.json",
];

/// What `format` says of folders that this program writes.
const FORMAT_TEXT: &str = "nightbell data 1\n";

/// A data folder that this process holds; nobody else can until it is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// The system lets go of the lock with the file, also when the process is killed.
    _lock: File,
}

/// Why a folder cannot be used. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Another process has it.
    #[error(
        "the data folder {} is in use by process {pid}: stop that one, or give another folder with --data",
        path.display()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Whose it is, as it wrote down itself.
        pid: String,
    },
    /// It holds something else.
    #[error(
        "{} is not empty and not a Nightbell data folder; nothing in it was touched: give a folder of its own with --data",
        .0.display()
    )]
    NotOurs(PathBuf),
    /// A newer program wrote it.
    #[error("the data folder {} was made by a newer Nightbell: use that one, or another folder with --data", .0.display())]
    Newer(PathBuf),
    /// The key file was changed.
    #[error("{} cannot be read; put it back as it was, or begin anew with --fresh", path.display())]
    MasterKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: MasterKeyInvalid,
    },
    /// The system refuses.
    #[error("{} cannot be used; check its permissions and the free space, or give another folder with --data", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl DataDir {
    /// Makes the folder if it is not there, checks that it is ours, and takes it for this process.
    ///
    /// # Errors
    /// When it is somebody else's, in either sense, or the system refuses.
    pub fn take(path: &Path) -> Result<Self, DataError> {
        let failed = |source| DataError::Io {
            path: path.into(),
            source,
        };
        make_folder(path).map_err(failed)?;
        check_is_ours(path)?;
        let lock = take_lock(path)?;
        if !path.join(FORMAT).exists() {
            write_whole(path, FORMAT, FORMAT_TEXT.as_bytes()).map_err(failed)?;
        }
        let path = path.canonicalize().map_err(failed)?;
        Ok(Self { path, _lock: lock })
    }

    /// Deletes what Nightbell keeps here, and nothing else.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn clear(&self) -> Result<(), DataError> {
        CONTENTS.iter().try_for_each(|name| self.remove(name))?;
        let path = self.path.join(OBJECTS);
        match std::fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(DataError::Io { path, source }),
            _ => Ok(()),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The table's file, made empty at the first call ever: SQLite would let others read it. Its companions take their
    /// permissions from it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn table(&self) -> Result<PathBuf, DataError> {
        let path = self.path.join(TABLE);
        match private().create(true).truncate(false).open(&path) {
            Ok(_) => Ok(path),
            Err(source) => Err(DataError::Io { path, source }),
        }
    }

    /// The buckets' folder, made at the first call ever.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn objects(&self) -> Result<PathBuf, DataError> {
        let path = self.path.join(OBJECTS);
        match make_folder(&path) {
            Ok(()) => Ok(path),
            Err(source) => Err(DataError::Io { path, source }),
        }
    }

    /// The master key, made at the first call ever.
    ///
    /// # Errors
    /// When the file holds something else, or the system refuses.
    pub fn master_key(&self, random: &Random) -> Result<MasterKey, DataError> {
        if let Some(text) = self.read(MASTER_KEY)? {
            return MasterKey::parse(&text).map_err(|source| DataError::MasterKey {
                path: self.path.join(MASTER_KEY),
                source,
            });
        }
        let key = MasterKey::from_bytes(random.bytes());
        self.write(MASTER_KEY, format!("{}\n", key.expose_hex()).as_bytes())?;
        Ok(key)
    }

    /// A file of the folder, if it is there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<String>, DataError> {
        match std::fs::read_to_string(self.path.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DataError::Io {
                path: self.path.join(name),
                source,
            }),
        }
    }

    /// Writes a file of the folder, for its owner alone: whoever reads it sees the whole old one or the whole new one.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), DataError> {
        write_whole(&self.path, name, content).map_err(|source| DataError::Io {
            path: self.path.join(name),
            source,
        })
    }

    /// Removes a file of the folder, if it is there.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove(&self, name: &str) -> Result<(), DataError> {
        match std::fs::remove_file(self.path.join(name)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(DataError::Io {
                path: self.path.join(name),
                source,
            }),
            _ => Ok(()),
        }
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn check_is_ours(path: &Path) -> Result<(), DataError> {
    let failed = |source| DataError::Io {
        path: path.into(),
        source,
    };
    match std::fs::read_to_string(path.join(FORMAT)) {
        Ok(text) if text == FORMAT_TEXT => return Ok(()),
        Ok(text) if text.starts_with("nightbell data ") => return Err(DataError::Newer(path.into())),
        Ok(_) => return Err(DataError::NotOurs(path.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    // A start that was cut off may have left the lock, and the mark half-way.
    let begun = [LOCK.to_owned(), half(FORMAT)];
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if !begun.iter().any(|ours| name == ours.as_str()) {
            return Err(DataError::NotOurs(path.into()));
        }
    }
    Ok(())
}

fn take_lock(path: &Path) -> Result<File, DataError> {
    let failed = |source| DataError::Io {
        path: path.join(LOCK),
        source,
    };
    let mut lock = private()
        .read(true)
        .create(true)
        .open(path.join(LOCK))
        .map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            lock.read_to_string(&mut pid).map_err(failed)?;
            return Err(DataError::InUse {
                path: path.into(),
                pid: pid.trim().to_owned(),
            });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    lock.set_len(0).and_then(|()| lock.rewind()).map_err(failed)?;
    writeln!(lock, "{}", std::process::id()).map_err(failed)?;
    Ok(lock)
}

pub(crate) fn write_whole(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let half = folder.join(half(name));
    // Not into one that is there: it may belong to others, with their permissions.
    match std::fs::remove_file(&half) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private().create_new(true).open(&half)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(half, folder.join(name))?;
    // The name, too, must survive a loss of power: without the master key the table is worth nothing.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn half(name: &str) -> String {
    format!("{name}.half")
}

/// Files that are their owner's alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::testing::Folder;

    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn one_process_at_a_time_and_the_other_is_told_whose_it_is() {
        let folder = Folder::new();
        let taken = DataDir::take(folder.path()).unwrap();
        let error = DataDir::take(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(&format!("in use by process {}", std::process::id())),
            "{error}"
        );
        assert!(error.contains("--data"), "{error}");
        drop(taken);
        DataDir::take(folder.path()).unwrap();
    }

    #[test]
    fn a_folder_of_something_else_is_left_alone() {
        let folder = Folder::new();
        std::fs::create_dir_all(folder.path()).unwrap();
        std::fs::write(folder.path().join("thesis.tex"), "…").unwrap();
        let error = DataDir::take(folder.path()).unwrap_err();
        assert!(matches!(error, DataError::NotOurs(_)), "{error}");
        assert_eq!(names(folder.path()), ["thesis.tex"]);

        std::fs::write(folder.path().join(FORMAT), "nightbell data 2\n").unwrap();
        assert!(matches!(DataDir::take(folder.path()).unwrap_err(), DataError::Newer(_)));
    }

    #[test]
    fn a_start_that_was_cut_off_is_taken_up_again() {
        let folder = Folder::new();
        std::fs::create_dir_all(folder.path()).unwrap();
        std::fs::write(folder.path().join(LOCK), "").unwrap();
        std::fs::write(folder.path().join("format.half"), "night").unwrap();
        DataDir::take(folder.path()).unwrap();
        assert_eq!(names(folder.path()), [FORMAT, LOCK]);
    }

    #[test]
    fn beginning_anew_deletes_ours_and_nothing_else() {
        let folder = Folder::new();
        let data = DataDir::take(folder.path()).unwrap();
        for name in CONTENTS.iter().chain(&["notes.txt"]) {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::write(data.objects().unwrap().join("x"), "x").unwrap();
        data.clear().unwrap();
        assert_eq!(names(folder.path()), [FORMAT, LOCK, "notes.txt"]);
        data.clear().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn the_master_key_is_made_once_and_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new();
        let data = DataDir::take(folder.path()).unwrap();
        let key = data.master_key(&Random::seeded(1)).unwrap();
        assert_eq!(
            data.master_key(&Random::seeded(2)).unwrap().expose_hex(),
            key.expose_hex()
        );
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(mode(&folder.path().join(MASTER_KEY)), 0o600);
        assert_eq!(mode(&data.table().unwrap()), 0o600);
        data.write(MASTER_KEY, b"scribble").unwrap();
        let error = data.master_key(&Random::seeded(1)).unwrap_err().to_string();
        assert!(error.contains("--fresh") && !error.contains("scribble"), "{error}");
    }
}
