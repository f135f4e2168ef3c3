-- Removes entries, the keys behind that of the schema; for each, whether it was there.
local known = redis.call('GET', KEYS[1])
if known ~= ARGV[1] then return known and 'other' or 'missing' end
local out = {}
for i = 2, #KEYS do out[i - 1] = redis.call('UNLINK', KEYS[i]) end
return out
