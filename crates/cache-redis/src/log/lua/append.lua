-- Appends records. KEYS[3..7] the log. ARGV: time to live; expected length, most records, bytes and weight ('' for
-- none); 'refuse' or 'drop' at a limit; bytes of each record that the limit does not count; attributes of a new log;
-- the records.
-- Answers {head, dropped, numbers, known (0 or 1)}, or the name of what it refuses.
may('hset', 'hdel', 'rpush', 'ltrim', 'zadd', 'zrem', 'zremrangebyscore', 'unlink', 'pexpireat', 'persist', 'zrange')
local ttl, expected = tonumber(ARGV[1]), tonumber(ARGV[2])
local most = { n = tonumber(ARGV[3]), b = tonumber(ARGV[4]), w = tonumber(ARGV[5]) }
local uncounted = tonumber(ARGV[7])
local FIRST = 9

local log = log_at(3)
local there = load(log)

-- What is given, and which of it is new.
local given, ids = {}, {}
for i = FIRST, #ARGV do
  local record = parse(ARGV[i], 1)
  given[#given + 1], ids[#ids + 1] = record, record.id
end
local numbers = there and numbers_of(log, ids) or {}
local fresh, seqs, known, earlier = {}, {}, {}, {}
local seq = there and log.s or 0
for i, record in ipairs(given) do
  local number = earlier[record.id] or numbers[i] or (there and is_lost(log, record.id) and 0)
  known[i] = number and 1 or 0
  if not number then
    seq = seq + 1
    number = seq
    record.seq, earlier[record.id] = seq, seq
    fresh[#fresh + 1] = record
  end
  seqs[i] = number
end

-- A repetition renews the expiry and nothing else.
local repeated = #given > 0 and #fresh == 0
if not repeated and expected and expected ~= (there and log.n or 0) then
  return 'length'
end
if there and #fresh == 0 then
  renew(log, ttl)
  return { answer(log), 0, seqs, known }
end

-- What of the old ones must go: never those that are pinned, nor what is new.
local sums = { n = #fresh, w = 0, b = 0 }
for _, record in ipairs(fresh) do
  sums.w, sums.b = sums.w + record.weight, sums.b + record.bytes
end
local function fits(n, w, b)
  return not (most.n and n + sums.n > most.n or most.w and w + sums.w > most.w
    or most.b and b + sums.b - uncounted * (n + sums.n) > most.b)
end
local n, w, b, pinned = 0, 0, 0, { n = 0, w = 0, b = 0 }
if there then
  n, w, b, pinned = log.n, log.w, log.b, { n = log.pn, w = log.pw, b = log.pb }
end
local drop = ARGV[6] == 'drop'
if #fresh > 0 and not fits(n, w, b) and not (drop and fits(pinned.n, pinned.w, pinned.b)) then
  return 'full'
end
local lost, dropped = {}, {}
while #fresh > 0 and not fits(n, w, b) do
  for _, text in ipairs(call('LRANGE', log.records, #dropped, #dropped + 31)) do
    if fits(n, w, b) then
      break
    end
    local record = parse_stored(text)
    n, w, b = n - 1, w - record.weight, b - record.bytes
    dropped[#dropped + 1] = record
    lost[#lost + 1], lost[#lost + 2] = record.seq, record.id
  end
end

if not there then
  create(log, ARGV[8])
end
local tail, held, fields = {}, {}, {}
for _, record in ipairs(fresh) do
  local text = stored(record.seq, record.text)
  if record.pinned then
    held[#held + 1], held[#held + 2] = record.seq, text
  else
    tail[#tail + 1] = text
  end
  fields[#fields + 1], fields[#fields + 2] = record.id, record.seq
  tally(log, record, 1)
end
call_in_parts('RPUSH', log.records, tail)
call_in_parts('ZADD', log.pinned, held, 2)
call_in_parts('HSET', log.ids, fields, 2)
-- After what a full server refuses.
if #dropped > 0 then
  call('LTRIM', log.records, #dropped, -1)
  lose(log, lost)
  for _, record in ipairs(dropped) do
    tally(log, record, -1)
  end
end
log.s, log.a = seq, now
if there and log.k > 0 then
  call('ZREMRANGEBYSCORE', log.lost, '-inf', log.s - REMEMBERED - 1)
end
list_first(log)
set_end(log, ttl)
save(log)
return { answer(log), #dropped, seqs, known }
