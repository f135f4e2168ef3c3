-- Puts records in the place of all that are not pinned up to a number. KEYS[3..7] the log. ARGV: that number, the
-- expected version, the records. Answers the head; nothing where there is no log; or what it refuses: 'version',
-- 'known', or {removed} when more would come than go.
may('hset', 'hdel', 'ltrim', 'lpush', 'zadd', 'pexpireat', 'persist')
local log = log_at(3)
if not load(log) then
  return false
end
if string.format('%.0f', log.v) ~= ARGV[2] then
  return 'version'
end

-- In parts: all payloads together may be large.
local cut = find(log, tonumber(ARGV[1]) + 1)
local lost, sums = {}, { weight = 0, bytes = 0 }
for first = 0, cut - 1, CHUNK do
  for _, text in ipairs(call('LRANGE', log.records, first, math.min(first + CHUNK, cut) - 1)) do
    local record = parse_stored(text)
    lost[#lost + 1], lost[#lost + 2] = record.seq, record.id
    sums.weight, sums.bytes = sums.weight + record.weight, sums.bytes + record.bytes
  end
end

local given, ids, seen = {}, {}, {}
for i = 3, #ARGV do
  given[#given + 1] = parse(ARGV[i], 1)
  ids[#ids + 1] = given[#given].id
end
if #given > cut then
  return { cut }
end
for i, number in ipairs(numbers_of(log, ids)) do
  if number or seen[ids[i]] or is_lost(log, ids[i]) then
    return 'known'
  end
  seen[ids[i]] = true
end
if cut == 0 then
  return answer(log)
end

call('LTRIM', log.records, cut, -1)
lose(log, lost)
tally(log, sums, -1)
-- The highest of the removed numbers; from the last to the first, as each goes before the rest.
local before, pinned, fields = {}, {}, {}
for i = #given, 1, -1 do
  local record, seq = given[i], lost[2 * (cut - #given + i) - 1]
  local text = stored(seq, record.text)
  if record.pinned then
    pinned[#pinned + 1], pinned[#pinned + 2] = seq, text
  else
    before[#before + 1] = text
  end
  fields[#fields + 1], fields[#fields + 2] = record.id, seq
  tally(log, record, 1)
end
call_in_parts('LPUSH', log.records, before)
call_in_parts('ZADD', log.pinned, pinned, 2)
call_in_parts('HSET', log.ids, fields, 2)
save(log)
return answer(log)
