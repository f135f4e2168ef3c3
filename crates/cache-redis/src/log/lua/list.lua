-- Heads of the group's logs, the latest first. ARGV: how many to skip, most.
local skip, most = tonumber(ARGV[1]), tonumber(ARGV[2])

-- All that expired go, each once in its life. Where nothing can be written they are left out below.
repeat
  local written, pruned = pcall(prune, CHUNK)
until not written or pruned < CHUNK

local heads, evicted = {}, {}
while #heads < most do
  local members = call('ZRANGE', LOGS, skip, skip + math.min(most - #heads, CHUNK) - 1, 'REV')
  if #members == 0 then
    break
  end
  for _, member in ipairs(members) do
    local log = log_of(member)
    if load(log) then
      heads[#heads + 1] = answer(log)
    else
      evicted[#evicted + 1] = log
    end
  end
  skip = skip + #members
end
-- What an eviction left of a log goes before its name does: nobody would find it any more.
for _, log in ipairs(evicted) do
  pcall(forget, log)
end
return heads
