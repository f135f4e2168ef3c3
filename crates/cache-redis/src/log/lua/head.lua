-- The head of a log, or nothing. KEYS[3..7] the log.
local log = log_at(3)
return load(log) and answer(log)
