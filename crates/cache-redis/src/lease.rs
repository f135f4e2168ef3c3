//! Leases: keys beside the entries that hold a token and expire.

use std::time::Duration;

use async_trait::async_trait;
use cache_core::{CacheError, CacheKey, LeaseOutcome, LeaseRequest, LeaseToken, Leases, Wakeup};
use redis::Value;

use crate::RedisBackend;
use crate::reply;
use crate::script::{Keys, Script};

/// For each key its value; or 0, the lease is the caller's; or the milliseconds that another's
/// lease has left. A value of a foreign type is none. A lease without an end is somebody's mistake
/// and is taken over. A server that takes no writes answers with its error.
static ACQUIRE: Script = Script::new(
    r"local out = {}
for i = 1, #KEYS, 2 do
  local value, lease = redis.pcall('GET', KEYS[i]), KEYS[i + 1]
  if type(value) == 'string' then
    out[#out + 1] = value
  else
    local set = redis.pcall('SET', lease, ARGV[1], 'NX', 'PX', ARGV[2])
    if type(set) == 'table' and set.err then return set end
    local left = set and 0 or redis.call('PTTL', lease)
    if not set and (left < 0 or redis.pcall('GET', lease) == ARGV[1]) then
      redis.call('SET', lease, ARGV[1], 'PX', ARGV[2])
      left = 0
    elseif not set then
      left = math.max(left, 1)
    end
    out[#out + 1] = left
  end
end
return out",
    Keys::EntryAndLease,
);

static RENEW: Script = Script::new(
    r"local out = {}
for i, lease in ipairs(KEYS) do
  local held = redis.pcall('GET', lease) == ARGV[1]
  out[i] = held and redis.call('PEXPIRE', lease, ARGV[2]) or 0
end
return out",
    Keys::Lease,
);

/// Lets go of leases that the caller holds.
pub(crate) static RELEASE: Script = Script::new(
    r"local out = {}
for i, lease in ipairs(KEYS) do
  local held = redis.pcall('GET', lease) == ARGV[1]
  out[i] = held and redis.call('UNLINK', lease) or 0
end
return out",
    Keys::Lease,
);

#[async_trait]
impl Leases for RedisBackend {
    async fn get_or_lease_many(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<LeaseOutcome>, CacheError> {
        let millis = request.millis().to_string();
        let arguments = [request.token.as_bytes(), millis.as_bytes()];
        let replies = ACQUIRE.run(&self.link, keys, &arguments).await?;
        replies.into_iter().map(|reply| self.outcome(reply)).collect()
    }

    async fn renew_leases(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<bool>, CacheError> {
        let millis = request.millis().to_string();
        let arguments = [request.token.as_bytes(), millis.as_bytes()];
        let replies = RENEW.run(&self.link, keys, &arguments).await?;
        replies.into_iter().map(|reply| Ok(reply::number(&self.link, reply, "EVAL")? > 0)).collect()
    }

    async fn release_leases(&self, keys: &[CacheKey], token: LeaseToken) -> Result<(), CacheError> {
        RELEASE.run(&self.link, keys, &[token.as_bytes()]).await.map(|_| ())
    }

    async fn changed(&self, keys: &[CacheKey]) -> Wakeup {
        self.watch.changed(keys).await
    }
}

impl RedisBackend {
    fn outcome(&self, reply: Value) -> Result<LeaseOutcome, CacheError> {
        match reply {
            Value::Int(0) => Ok(LeaseOutcome::Acquired),
            Value::Int(left) => Ok(LeaseOutcome::Held(Duration::from_millis(left.unsigned_abs()))),
            reply => match reply::value(&self.link, reply)? {
                Some(value) => Ok(LeaseOutcome::Value(value)),
                None => Err(crate::error::unexpected(self.link.location(), "EVAL")),
            },
        }
    }
}
