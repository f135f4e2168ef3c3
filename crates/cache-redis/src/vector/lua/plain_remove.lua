-- ARGV: schema, ids. For each, whether it was there.
if known ~= ARGV[1] then return known and 'other' or 'missing' end
sweep()
local out = {}
for i = 2, #ARGV do
  local last = redis.call('ZSCORE', ends, ARGV[i])
  local ended = last and tonumber(last) <= now
  out[i - 1] = remove(ARGV[i]) and not ended and 1 or 0
end
forget()
save()
return out
