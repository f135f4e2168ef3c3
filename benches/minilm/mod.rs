//! Vectors of real sentences by a real model, all-MiniLM-L6-v2: what searches are judged on.

pub mod sentences;

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use cache_core::Embedding;

/// Dimensions of the model.
pub const DIMENSIONS: usize = 384;
/// Sentences that are searched.
pub const ENTRIES: usize = 20_000;
/// Sentences that are searched for. None of them is an entry.
pub const QUERIES: usize = 200;

/// Names the file that the example `minilm_matrix` made.
const VARIABLE: &str = "TEST_MINILM_MATRIX";
const FORMAT: &str = "minilm-matrix-1";

/// The vectors of the sentences.
#[derive(Debug)]
pub struct Matrix {
    /// Those to be found.
    pub entries: Vec<Embedding>,
    /// Those to be looked for.
    pub queries: Vec<Embedding>,
}

impl Matrix {
    /// The one that the environment names. Where there is none, the output of the test says so.
    #[must_use]
    pub fn from_environment() -> Option<Self> {
        let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) else {
            println!("not run: {VARIABLE} is not set; the example `minilm_matrix` makes the file");
            return None;
        };
        let path = PathBuf::from(path);
        let read = Self::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Some(read)
    }

    /// Whether a file was made of what has this checksum, and is whole.
    #[must_use]
    pub fn is_current(path: &Path, checksum: &str) -> bool {
        let expected = head(checksum).into_bytes();
        let length = (expected.len() + (ENTRIES + QUERIES) * DIMENSIONS * size_of::<f32>()) as u64;
        let mut found = vec![0; expected.len()];
        let is_read = |mut file: File| {
            file.read_exact(&mut found)?;
            Ok::<_, io::Error>(file.metadata()?.len() == length)
        };
        File::open(path).and_then(is_read).is_ok_and(|whole| whole) && found == expected
    }

    /// Writes the vectors of all sentences, the queries behind the entries. The file is there as a
    /// whole or not at all.
    ///
    /// # Errors
    /// When the file system refuses it.
    pub fn write(path: &Path, checksum: &str, vectors: &[Embedding]) -> io::Result<()> {
        assert_eq!(vectors.len(), ENTRIES + QUERIES);
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let values = vectors.iter().flat_map(|vector| vector.iter());
        let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
        file.write_all(head(checksum).as_bytes())?;
        file.write_all(&bytes)?;
        file.persist(path)?;
        Ok(())
    }

    fn read(path: &Path) -> io::Result<Self> {
        let damaged = || io::Error::other("no matrix of this format: make it again");
        let bytes = fs::read(path)?;
        let end = bytes.iter().position(|&byte| byte == b'\n').ok_or_else(damaged)?;
        let (head, values) = (&bytes[..end], &bytes[end + 1..]);
        if !head.starts_with(FORMAT.as_bytes()) {
            return Err(damaged());
        }
        let values: Vec<f32> =
            values.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let vectors = values.chunks_exact(DIMENSIONS).map(|values| Embedding::new(values.to_vec()));
        let mut entries: Vec<_> = vectors.collect::<Result<_, _>>().map_err(io::Error::other)?;
        if entries.len() != ENTRIES + QUERIES {
            return Err(damaged());
        }
        let queries = entries.split_off(ENTRIES);
        Ok(Self { entries, queries })
    }
}

fn head(checksum: &str) -> String {
    format!("{FORMAT} {checksum}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_current_when_it_is_whole_and_of_the_same_sentences() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("matrix");
        assert!(!Matrix::is_current(&path, "a"));
        let vector = |i: usize| Embedding::new(vec![i as f32; DIMENSIONS]).unwrap();
        let vectors: Vec<_> = (1..=ENTRIES + QUERIES).map(vector).collect();
        Matrix::write(&path, "a", &vectors).unwrap();
        assert!(Matrix::is_current(&path, "a") && !Matrix::is_current(&path, "b"));
        let matrix = Matrix::read(&path).unwrap();
        assert_eq!((&matrix.entries[..], &matrix.queries[..]), vectors.split_at(ENTRIES));
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(!Matrix::is_current(&path, "a") && Matrix::read(&path).is_err());
    }
}
