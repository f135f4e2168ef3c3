//! A model's folder: reading its files, and the fingerprint of all that was read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::OpenModelError;

const NO_FOLDER: &str =
    "give the folder of a sentence-transformers model, with config.json and tokenizer.json";
/// Reads of this many bytes at a time.
const BUFFER: usize = 1 << 20;

/// The files of a model. Whatever is read through it counts for the fingerprint, so that what was
/// loaded and what is named cannot differ.
#[derive(Debug)]
pub(super) struct ModelFolder {
    path: PathBuf,
    read: BTreeMap<String, blake3::Hash>,
}

impl ModelFolder {
    pub(super) fn open(path: &Path) -> Result<Self, OpenModelError> {
        let found = fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OpenModelError::missing(path, NO_FOLDER),
            _ => OpenModelError::unreadable(path, error),
        })?;
        if !found.is_dir() {
            return Err(OpenModelError::unsupported(path, format!("is not a folder: {NO_FOLDER}")));
        }
        Ok(Self { path: path.to_owned(), read: BTreeMap::new() })
    }

    /// The folder's own name.
    pub(super) fn name(&self) -> Option<String> {
        let whole = self.path.canonicalize().ok()?;
        whole.file_name().map(|name| name.to_string_lossy().into_owned())
    }

    /// Where a file of the folder is.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.path_of(name).is_file()
    }

    /// The names of the files in a folder within this one (`""` is this one), in order.
    pub(super) fn list(&self, within: &str) -> Result<Vec<String>, OpenModelError> {
        let path = self.path_of(within);
        let unreadable = |error| OpenModelError::unreadable(&path, error);
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            names.extend(entry.file_name().into_string().ok());
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The whole of a file.
    pub(super) fn bytes(&mut self, name: &str, advice: &str) -> Result<Vec<u8>, OpenModelError> {
        let mut file = self.stream(name, advice)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| OpenModelError::unreadable(&file.path, e))?;
        self.finish(file)?;
        Ok(bytes)
    }

    /// A file in JSON.
    pub(super) fn json<T: DeserializeOwned>(
        &mut self,
        name: &str,
        advice: &str,
    ) -> Result<T, OpenModelError> {
        let bytes = self.bytes(name, advice)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            OpenModelError::damaged_by(
                &self.path_of(name),
                format!("not as expected: {error}"),
                error,
            )
        })
    }

    /// A file in JSON that a model may do without.
    pub(super) fn optional_json<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, OpenModelError> {
        if self.has(name) { self.json(name, "").map(Some) } else { Ok(None) }
    }

    /// A file to read from piece by piece; to be given back to [`finish`](Self::finish).
    pub(super) fn stream(&self, name: &str, advice: &str) -> Result<ModelFile, OpenModelError> {
        let path = self.path_of(name);
        let file = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OpenModelError::missing(&path, advice),
            _ => OpenModelError::unreadable(&path, error),
        })?;
        let length =
            file.metadata().map_err(|error| OpenModelError::unreadable(&path, error))?.len();
        Ok(ModelFile {
            name: name.to_owned(),
            path,
            length,
            file: BufReader::with_capacity(BUFFER, file),
            hasher: blake3::Hasher::new(),
        })
    }

    /// Takes what is left of the file into the fingerprint.
    pub(super) fn finish(&mut self, mut file: ModelFile) -> Result<(), OpenModelError> {
        io::copy(&mut file, &mut io::sink())
            .map_err(|error| OpenModelError::unreadable(&file.path, error))?;
        self.read.insert(file.name, file.hasher.finalize());
        Ok(())
    }

    /// The fingerprint of every file that was read, and of `settings`, in 32 hexadecimal digits.
    pub(super) fn fingerprint(&self, settings: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut field = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        field(settings.as_bytes());
        for (name, hash) in &self.read {
            field(name.as_bytes());
            field(hash.as_bytes());
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }
}

/// A file of the folder, hashed while it is read.
pub(super) struct ModelFile {
    name: String,
    path: PathBuf,
    length: u64,
    file: BufReader<File>,
    hasher: blake3::Hasher,
}

impl ModelFile {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its length when it was opened, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl Read for ModelFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}
