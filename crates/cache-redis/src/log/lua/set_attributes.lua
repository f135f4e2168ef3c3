-- Replaces the attributes of a log of this version. KEYS[3..7] the log. ARGV: attributes, expected version. Answers
-- the head; nothing where there is no log; 'version' when it is another one.
may('hset', 'pexpireat', 'persist')
local log = log_at(3)
if not load(log) then
  return false
end
if string.format('%.0f', log.v) ~= ARGV[2] then
  return 'version'
end
log.d = ARGV[1]
call('HSET', log.head, 'd', log.d)
save(log)
return answer(log)
