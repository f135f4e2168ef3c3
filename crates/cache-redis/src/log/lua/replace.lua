-- Puts a record in the place of that of the same id; says (1 or 0) whether it was there. KEYS[3..7] the log.
-- ARGV: the record.
may('hset', 'lset', 'lrem', 'lpush', 'rpush', 'linsert', 'zadd', 'zrem', 'pexpireat', 'persist', 'lindex')
local log = log_at(3)
local record = parse(ARGV[1], 1)
local seq = load(log) and numbers_of(log, { record.id })[1]
if not seq then
  return 0
end
local text, index = fetch(log, seq)
local old, new = parse_stored(text), stored(seq, record.text)

local function insert()
  local at = find(log, seq)
  local next = call('LINDEX', log.records, at)
  if not next then
    call('RPUSH', log.records, new)
  elseif at == 0 then
    call('LPUSH', log.records, new)
  else
    call('LINSERT', log.records, 'BEFORE', next, new)
  end
end

-- The new one first: a full server refuses that, and nothing else is done.
if record.pinned then
  call('ZADD', log.pinned, seq, new)
elseif old.pinned then
  insert()
else
  call('LSET', log.records, index, new)
end
if old.pinned and new ~= text then
  call('ZREM', log.pinned, text)
elseif record.pinned and not old.pinned then
  -- No record is empty: it is the only such element.
  call('LSET', log.records, index, '')
  call('LREM', log.records, 1, '')
end
tally(log, old, -1)
tally(log, record, 1)
save(log)
return 1
