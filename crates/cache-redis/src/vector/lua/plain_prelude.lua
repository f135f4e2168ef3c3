-- KEYS: what is known of the index (a hash); a hash of id to value; sorted sets of id to the number of its last write,
-- to the millisecond at which it ends, and to the number of its removal. ARGV[1]: the expected schema.
local index, entries, written, ends, gone = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state = redis.call('HMGET', index, 'schema', 'generation', 'number', 'entries', 'mortal', 'bytes', 'forgotten')
local known, generation = state[1], state[2]
for i = 3, 7 do state[i] = tonumber(state[i] or 0) or 0 end
local number, count, mortal, bytes, forgotten = unpack(state, 3, 7)

-- A server that evicts may have taken any of the keys: an index that is not whole is none.
local whole = redis.call('ZCARD', written) == count and redis.call('ZCARD', ends) == mortal
  and redis.call('HLEN', entries) >= count
if not whole then known = false end

local function save()
  redis.call('HSET', index, 'number', number, 'entries', count, 'mortal', mortal, 'bytes', bytes, 'forgotten', forgotten)
end

-- Makes the index where it is missing. The first command may be refused for want of memory; nothing is done then.
local function make(fresh)
  redis.call('HSET', index, 'schema', ARGV[1])
  if known then return end
  redis.call('HSET', index, 'generation', fresh)
  redis.call('UNLINK', entries, written, ends, gone)
  number, count, mortal, bytes, forgotten = 0, 0, 0, 0, 0
end

-- What an entry takes: its value, its id in up to three keys, and its places in them. Estimated.
local function cost(id)
  return redis.call('HSTRLEN', entries, id) + 3 * #id + 220
end

-- Removes an entry without leaving a word; whether it was there.
local function take(id)
  if redis.call('ZREM', written, id) == 0 then return false end
  bytes = bytes - cost(id)
  redis.call('HDEL', entries, id)
  mortal = mortal - redis.call('ZREM', ends, id)
  count = count - 1
  return true
end

-- Removes an entry so that whoever holds it learns of it.
local function remove(id)
  if not take(id) then return false end
  number = number + 1
  redis.call('ZADD', gone, number, id)
  return true
end

-- Removes a hundred of those that have ended. Whoever holds them knows that they have.
local function sweep()
  local ended = redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 100)
  for _, id in ipairs(ended) do take(id) end
end

-- Forgets the oldest removals where there are too many. Who has not seen them begins anew.
local function forget()
  local many = redis.call('ZCARD', gone) - math.max(10000, count)
  if many <= 0 then return end
  forgotten = tonumber(redis.call('ZRANGE', gone, many - 1, many - 1, 'WITHSCORES')[2])
  redis.call('ZREMRANGEBYRANK', gone, 0, many - 1)
end
