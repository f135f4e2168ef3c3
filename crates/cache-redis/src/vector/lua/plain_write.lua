-- ARGV: schema, generation of a new index, the most bytes, then for each entry: id, value, time to live in
-- milliseconds (0 for ever).
if known and known ~= ARGV[1] then return 'other' end
make(ARGV[2])
sweep()
for at = 4, #ARGV, 3 do
  local id, value, ttl = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  number = number + 1
  if redis.call('ZADD', written, number, id) == 1 then
    count = count + 1
    redis.call('ZREM', gone, id)
  else
    bytes = bytes - cost(id)
  end
  redis.call('HSET', entries, id, value)
  bytes = bytes + cost(id)
  if ttl > 0 then
    mortal = mortal + redis.call('ZADD', ends, now + ttl, id)
  else
    mortal = mortal - redis.call('ZREM', ends, id)
  end
end
-- Those written first go first; of an index far above its bound, some at a time.
local most, evicted = tonumber(ARGV[3]), 0
while bytes > most and count > 0 and evicted < 1000 do
  remove(redis.call('ZRANGE', written, 0, 0)[1])
  evicted = evicted + 1
end
forget()
save()
return {}
