-- Removes a log; says (1 or 0) whether it was there. KEYS[3..7] the log.
may('unlink', 'zrem', 'pexpireat', 'persist', 'zrange')
local log = log_at(3)
local there = load(log)
forget(log)
keep_group()
return there and 1 or 0
