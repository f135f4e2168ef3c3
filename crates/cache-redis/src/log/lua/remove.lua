-- Removes records by id; for each 1 if it was there, else 0. KEYS[3..7] the log. ARGV: the ids.
may('hset', 'hdel', 'lset', 'lrem', 'zremrangebyscore', 'pexpireat', 'persist')
local log = log_at(3)
local there, numbers = load(log), {}
local ids = {}
for i = 1, #ARGV do
  ids[i] = ARGV[i]
end
if there then
  numbers = numbers_of(log, ids)
end

local removed, was, pinned, unpinned = {}, {}, {}, {}
for i, id in ipairs(ids) do
  local seq = numbers[i]
  was[i] = seq and not removed[seq] and 1 or 0
  if was[i] == 1 then
    removed[seq] = true
    local text, index = fetch(log, seq)
    local record = parse_stored(text)
    if record.pinned then
      pinned[#pinned + 1] = seq
    else
      unpinned[#unpinned + 1] = index
    end
    tally(log, record, -1)
  end
end
if not next(removed) then
  return was
end

-- This first: it is what a full server does, too, and then it does the rest.
local gone = {}
for i, id in ipairs(ids) do
  if was[i] == 1 then
    gone[#gone + 1] = id
  end
end
call_in_parts('HDEL', log.ids, gone)
for _, seq in ipairs(pinned) do
  call('ZREMRANGEBYSCORE', log.pinned, seq, seq)
end
-- No record is empty: what is emptied first goes in one pass, and no index shifts before that.
for _, index in ipairs(unpinned) do
  call('LSET', log.records, index, '')
end
if #unpinned > 0 then
  call('LREM', log.records, 0, '')
end
save(log)
return was
