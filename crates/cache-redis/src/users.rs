//! Making a user with the least rights.

use std::fmt::Write;

use cache_core::{CacheError, Namespace};
use redis::cmd;
use secrecy::{ExposeSecret, SecretString};

use crate::acl::{AclFor, rules};
use crate::{RedisBackend, servers};

impl RedisBackend {
    /// Makes the user, or gives the one that is there these rights and this password and no others,
    /// on every server: primaries and replicas, as servers do not tell each other of users. Gives
    /// the servers' names. The rights of a cluster's user are added where it is one.
    ///
    /// It takes the right to `ACL SETUSER`. Users live in a server's memory: to outlast a restart
    /// they have to be saved there (`ACL SAVE`, or the configuration). What was done at some servers
    /// stays when another one refuses; it can be done again.
    ///
    /// # Errors
    /// [`PermissionDenied`](cache_core::ErrorKind::PermissionDenied) when this user may not, and
    /// whatever keeps a server from answering.
    pub async fn set_acl_user(
        &self,
        name: &str,
        password: &SecretString,
        namespaces: &[Namespace],
        what: AclFor,
    ) -> Result<Vec<String>, CacheError> {
        let servers = servers::all(&self.link).await?;
        let what = what.with_cluster(self.link.topology().cluster().is_some());
        let mut command = cmd("ACL");
        command.arg("SETUSER").arg(name).arg("reset").arg("on");
        command.arg(hashed(password)).arg(rules(namespaces, what));
        for (_, server) in &servers {
            self.link.at(server, &command).await?;
        }
        Ok(servers.into_iter().map(|(name, _)| name).collect())
    }
}

/// The password as `ACL SETUSER` takes it without seeing it.
fn hashed(password: &SecretString) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(password.expose_secret().as_bytes());
    let mut text = String::from("#");
    for byte in digest {
        let _ = write!(text, "{byte:02x}"); // A String takes any text.
    }
    text
}
