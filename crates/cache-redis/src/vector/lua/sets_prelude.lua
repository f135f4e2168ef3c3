-- KEYS: schema, the vector set, a hash of id to packed attributes, a sorted set of id to the time at
-- which it ends. ARGV[1]: the expected schema.
local set, data, ends = KEYS[2], KEYS[3], KEYS[4]
local known = redis.call('GET', KEYS[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function remove(id)
  redis.call('HDEL', data, id)
  redis.call('ZREM', ends, id)
  return redis.call('VREM', set, id)
end

-- Removes a hundred of the entries that have ended; whether there are no more of them.
local function sweep()
  local ended = redis.call('ZRANGE', ends, '-inf', now, 'BYSCORE', 'LIMIT', 0, 100)
  for _, id in ipairs(ended) do remove(id) end
  return #ended < 100
end

-- A filter that what has ended does not pass.
local function living(filter, swept)
  if swept then return filter end
  local alive = '.e > ' .. string.format('%.0f', now)
  return filter == '' and alive or alive .. ' and (' .. filter .. ')'
end
