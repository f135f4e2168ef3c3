-- Copies a log up to a number. KEYS[3..7] the log, KEYS[8..12] the new one. ARGV: the number, attributes, time to
-- live. Answers the new head; nothing where there is no log to copy; 'exists' when the new one is there.
may('hset', 'rpush', 'zadd', 'zrem', 'unlink', 'pexpireat', 'persist', 'lindex', 'lrange', 'zrange')
local from, to = log_at(3), log_at(8)
local there, taken = load(from), load(to)
if not there then
  return false
elseif taken then
  return 'exists'
end
local seq = tonumber(ARGV[1])
create(to, ARGV[2])

-- Notes the records in the ids and sums of the new log; gives their numbers.
local function note(records)
  local fields, numbers = {}, {}
  for i, text in ipairs(records) do
    local record = parse_stored(text)
    fields[#fields + 1], fields[#fields + 2] = record.id, record.seq
    numbers[i] = record.seq
    tally(to, record, 1)
  end
  call_in_parts('HSET', to.ids, fields, 2)
  return numbers
end

-- In parts: all payloads together may be large.
local cut = find(from, seq + 1)
for first = 0, cut - 1, CHUNK do
  local records = call('LRANGE', from.records, first, math.min(first + CHUNK, cut) - 1)
  note(records)
  call_in_parts('RPUSH', to.records, records)
end
local pinned = call('ZRANGE', from.pinned, '-inf', seq, 'BYSCORE')
for i, number in ipairs(note(pinned)) do
  call('ZADD', to.pinned, number, pinned[i])
end
to.s = math.min(seq, from.s)
list_first(to)
set_end(to, tonumber(ARGV[3]))
save(to)
return answer(to)
