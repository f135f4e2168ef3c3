-- The schema that is there, the entries, and the bytes that they take.
if not known then return 'missing' end
while not sweep() do end
local bytes = 0
for _, key in ipairs(KEYS) do bytes = bytes + (redis.call('MEMORY', 'USAGE', key) or 0) end
return {known, redis.call('VCARD', set), bytes}
