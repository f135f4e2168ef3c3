//! What is wrong with the file, or soon will be.

use std::io;
use std::path::{Path, PathBuf};

use crate::vector::Inspection;
use cache_core::{DiagnoseOptions, Finding, FindingCode as Code, Severity};

/// All findings, the worst first. Blocks: it asks the file system.
pub(crate) fn diagnose(
    path: &Path,
    used: u64,
    most: u64,
    vectors: &Inspection,
    options: &DiagnoseOptions,
) -> Vec<Finding> {
    let parts = [
        disk(path, options.least_free_bytes),
        readable_by_others(path),
        log(path, options.most_log_bytes),
        full(used, most),
        damaged(vectors),
    ];
    let mut findings: Vec<_> = parts.into_iter().flatten().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn full(used: u64, most: u64) -> Option<Finding> {
    if used < most / 100 * 95 {
        return None;
    }
    let what = format!(
        "the cache file is as large as it may be ({used} of {most} bytes), and drops what is used \
         least"
    );
    let to_do = "raise its bound where entries are missed";
    let finding = Finding::new(Code::FileFull, Severity::Info, what, to_do);
    Some(finding.with("bytes", used).with("most", most))
}

fn damaged(vectors: &Inspection) -> Option<Finding> {
    let Inspection { looked_at, damaged } = vectors;
    if *damaged == 0 {
        return None;
    }
    let what = format!(
        "{damaged} of {looked_at} entries of vector indexes that were looked at are damaged, and found \
         by no search"
    );
    let to_do = "write them again, or drop their index and fill it anew; check the disk";
    let finding = Finding::new(Code::DamagedVectors, Severity::Warning, what, to_do);
    Some(finding.with("entries", *damaged).with("looked_at", *looked_at))
}

/// The write-ahead log beside the file: a large one is held by a reader, or nobody had time to write it
/// back.
fn log(path: &Path, largest: u64) -> Option<Finding> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let bytes = std::fs::metadata(PathBuf::from(log)).ok()?.len();
    if bytes <= largest {
        return None;
    }
    let what = format!("the log beside the cache file has grown to {bytes} bytes");
    let to_do = "look for a program that reads the file for very long; the log shrinks when all \
                 programs that use the file have closed it";
    Some(Finding::new(Code::LargeLog, Severity::Warning, what, to_do).with("bytes", bytes))
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return None;
    }
    let mode = format!("{mode:03o}");
    let what = format!("other users of this machine can open the cache file (mode {mode})");
    let to_do = "chmod 600: much of a text can be recovered from its vector";
    let finding = Finding::new(Code::OpenFile, Severity::Warning, what, to_do);
    Some(finding.with("mode", mode.as_str()))
}

#[cfg(not(unix))]
fn readable_by_others(_path: &Path) -> Option<Finding> {
    None
}

fn disk(path: &Path, least: u64) -> Option<Finding> {
    let bytes = free_bytes(path).ok()?;
    if bytes >= least {
        return None;
    }
    let what = format!("the disk of the cache file has {bytes} bytes left");
    let to_do = "make room: writes fail when it is full";
    Some(Finding::new(Code::DiskFull, Severity::Warning, what, to_do).with("bytes", bytes))
}

/// What a user without special rights may still write.
#[cfg(unix)]
fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Not known here.
#[cfg(not(unix))]
fn free_bytes(_path: &Path) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}
