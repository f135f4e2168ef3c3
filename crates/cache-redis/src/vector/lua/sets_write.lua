-- ARGV: schema, quantisation, M, EF, then for each entry: id, vector, JSON without its opening brace
-- and end, packed attributes, time to live in milliseconds (0 for ever).
if known and known ~= ARGV[1] then return 'other' end
if not known then redis.call('SET', KEYS[1], ARGV[1]) end
sweep()
for at = 5, #ARGV, 5 do
  local id, vector, json, packed, ttl = unpack(ARGV, at, at + 4)
  ttl = tonumber(ttl)
  local last = ttl > 0 and string.format('%.0f', now + ttl) or '9007199254740991'
  local attributes = '{"e":' .. last .. json
  redis.call('VADD', set, 'FP32', vector, id, ARGV[2], 'EF', ARGV[4], 'SETATTR', attributes, 'M', ARGV[3])
  redis.call('HSET', data, id, packed)
  if ttl > 0 then redis.call('ZADD', ends, last, id) else redis.call('ZREM', ends, id) end
end
return {}
