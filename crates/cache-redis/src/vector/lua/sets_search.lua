-- ARGV: schema, then for each query: vector, most, EF, filter or nothing, whether to search exactly,
-- whether packed attributes are wanted. For each query: id, score, packed attributes or nothing, …
if known ~= ARGV[1] then return known and 'other' or 'missing' end
local swept = sweep()
local out = {}
for at = 2, #ARGV, 6 do
  local vector, most, effort, filter, exact, packed = unpack(ARGV, at, at + 5)
  filter = living(filter, swept)
  local command = {'VSIM', set, 'FP32', vector, 'WITHSCORES', 'COUNT', most, 'EF', effort}
  if filter ~= '' then
    for _, word in ipairs({'FILTER', filter, 'FILTER-EF', '1000000000'}) do
      command[#command + 1] = word
    end
  end
  if exact == '1' then command[#command + 1] = 'TRUTH' end
  local found, matches = redis.call(unpack(command)), {}
  for i = 1, #found, 2 do
    matches[#matches + 1] = found[i]
    matches[#matches + 1] = found[i + 1]
    matches[#matches + 1] = packed == '1' and redis.call('HGET', data, found[i]) or ''
  end
  out[#out + 1] = matches
end
return out
