-- Writes down the schema of an index: 1 if it was missing, 0 if it was there, or that there is another.
local known = redis.call('GET', KEYS[1])
if not known then
  redis.call('SET', KEYS[1], ARGV[1])
  return 1
end
return known == ARGV[1] and 0 or 'other'
