-- Writes entries, the keys behind that of the schema. For each: time to live in milliseconds (0 for
-- ever), number of arguments, and so many arguments: fields and values. By the server's clock an
-- entry ends at `e`, and so does its key.
local known = redis.call('GET', KEYS[1])
if known ~= ARGV[1] then return known and 'other' or 'missing' end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at = 2
for i = 2, #KEYS do
  local ttl, count = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local ends = ttl > 0 and string.format('%.0f', now + ttl)
  redis.call('DEL', KEYS[i])
  redis.call('HSET', KEYS[i], 'e', ends or '9007199254740991', unpack(ARGV, at + 2, at + 1 + count))
  if ends then redis.call('PEXPIREAT', KEYS[i], ends) end
  at = at + 2 + count
end
return {}
