-- Removes all logs of the group; says how many there were.
may('unlink')
local removed = 0
-- By both sorted sets: one of them may have been evicted, and no log is to outlive this.
for _, members in ipairs({ call('ZRANGE', LOGS, 0, -1), call('ZRANGE', ENDS, 0, -1) }) do
  for _, member in ipairs(members) do
    local log = log_of(member)
    removed = removed + call('UNLINK', log.head)
    call('UNLINK', log.records, log.pinned, log.ids, log.lost)
  end
end
call('UNLINK', LOGS, ENDS)
return removed
