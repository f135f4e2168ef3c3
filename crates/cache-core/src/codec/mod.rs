//! Stored vectors.
