//! `acl`: the least rights of a user of Redis, printed or given.

use caching_with_redis::core::Namespace;
use caching_with_redis::redis::VectorEngine;
use caching_with_redis::redis::acl::{AclFor, rules, sentinel_rules};
use secrecy::SecretString;
use serde::Serialize;

use crate::args::{self, Rights, Searches};
use crate::context::Context;
use crate::failure::Failure;

/// Where the password goes in what is printed.
const PASSWORD: &str = ">PASSWORD";

#[derive(Debug, Serialize)]
struct Answer<'a> {
    user: &'a str,
    rules: Vec<String>,
    /// What to type at each server.
    command: String,
    /// The servers that have the user now; null where nothing was to be done.
    applied: Option<Vec<String>>,
}

pub(super) async fn run(context: &Context, acl: &args::Acl) -> Result<(), Failure> {
    let namespace = Namespace::new(&context.settings.namespace);
    let namespace = namespace.map_err(caching_with_redis::Error::from)?;
    let mut what = AclFor::new()
        .with_cache(acl.rights != Rights::Logs)
        .with_logs(acl.rights != Rights::Cache)
        .with_tracking(acl.rights != Rights::Logs)
        .with_cluster(acl.cluster);
    if let Some(searches) = acl.vectors {
        what = what.with_vectors(match searches {
            Searches::Search => VectorEngine::Search,
            Searches::Sets => VectorEngine::Sets,
            Searches::Plain => VectorEngine::Plain,
        });
    }
    let rules = match acl.sentinel {
        true => sentinel_rules(),
        false => rules(std::slice::from_ref(&namespace), what),
    };
    let applied = match &acl.password_file {
        Some(_) => Some(apply(context, acl, &namespace, what).await?),
        None => None,
    };
    let command = format!("ACL SETUSER {} reset on {PASSWORD} {}", acl.user, rules.join(" "));
    if context.output.json {
        return context.output.object(&Answer { user: &acl.user, rules, command, applied });
    }
    match applied {
        Some(servers) => {
            context.output.line(&context.language().user_made(&acl.user, &servers.join(", ")))
        }
        None => context.output.line(&command),
    }
}

/// At every server, as whoever the address is of: that user must be an administrator.
async fn apply(
    context: &Context,
    acl: &args::Acl,
    namespace: &Namespace,
    what: AclFor,
) -> Result<Vec<String>, Failure> {
    let language = context.language();
    let password = password(context, acl).await?;
    let store = context.open_store().await?;
    let redis = store.redis.ok_or_else(|| Failure::Usage(language.acl_needs_redis()))?;
    let namespaces = std::slice::from_ref(namespace);
    Ok(redis.set_acl_user(&acl.user, &password, namespaces, what).await?)
}

/// Of the file's first line: command lines can be seen by others.
async fn password(context: &Context, acl: &args::Acl) -> Result<SecretString, Failure> {
    let language = context.language();
    let Some(path) = &acl.password_file else {
        return Err(Failure::Usage(language.empty_password()));
    };
    let text = tokio::fs::read_to_string(path).await.map_err(|error| {
        Failure::Machine(language.cannot_read_file(&path.display().to_string(), &error.to_string()))
    })?;
    match text.lines().next().unwrap_or_default() {
        "" => Err(Failure::Usage(language.empty_password())),
        password => Ok(SecretString::from(password)),
    }
}
