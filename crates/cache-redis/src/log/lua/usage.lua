-- What a part of the group's logs comes to. ARGV: how many to skip, most. Answers how many were looked at, how many of
-- them are there, their records, weight and bytes.
local skip, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local members = call('ZRANGE', LOGS, skip, skip + most - 1)
local logs, records, weight, bytes = 0, 0, 0, 0
for _, member in ipairs(members) do
  local log = log_of(member)
  if load(log) then
    logs, records, weight, bytes = logs + 1, records + log.n, weight + log.w, bytes + log.b
  end
end
return { #members, logs, records, weight, bytes }
