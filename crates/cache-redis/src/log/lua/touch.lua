-- Gives a log a new time to live; says (1 or 0) whether it is there. KEYS[3..7] the log.
-- ARGV: milliseconds, 0 for ever.
may('hset', 'zadd', 'pexpireat', 'persist', 'zrange')
local log = log_at(3)
if not load(log) then
  return 0
end
renew(log, tonumber(ARGV[1]))
return 1
