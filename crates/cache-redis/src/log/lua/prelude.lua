-- What every script about logs starts with.
--
-- KEYS[1] and KEYS[2] are the group's: its logs by when they were last appended to (a sorted set, microseconds that
-- never fall back), and by when they end (milliseconds, +inf for those that do not). Then come the keys of a log:
--
--   head     hash: see NUMBERS, `f` the format, `d` the attributes
--   records  list: the records that are not pinned, in the order of their numbers, without gaps between them
--   pinned   sorted set: the pinned ones by number
--   ids      hash: id -> number, of the records there are
--   lost     sorted set: ids that limits and compaction removed, by number
--
-- All keys of a log end at the same moment. A log is there when all of its keys are: one of which the server evicted
-- a part is gone as a whole. Scripts read and check first; whatever they refuse, they refuse before they write.

local FORMAT = '1'
-- n records, w their weight, b their payloads' bytes; pw and pb those of the pinned ones; s last number, v version,
-- c created, a appended, x ends (milliseconds; 0 never), pn pinned records, k lost ids
local NUMBERS = { 'n', 'w', 'b', 'pw', 'pb', 's', 'v', 'c', 'a', 'x', 'pn', 'k' }
-- Arguments of one command: they lie on Lua's stack, which is small.
local CHUNK = 1000
-- A lost id is remembered until so many more records were appended.
local REMEMBERED = 10000

local call, unpack = redis.call, unpack
local LOGS, ENDS = KEYS[1], KEYS[2]
local time = call('TIME')
local now_micros = time[1] * 1000000 + time[2]
local now = math.floor(now_micros / 1000)

-- Calls a command with many arguments, in parts that hold whole groups of `width`.
local function call_in_parts(command, key, arguments, width)
  local step = CHUNK - CHUNK % (width or 1)
  for first = 1, #arguments, step do
    call(command, key, unpack(arguments, first, math.min(first + step - 1, #arguments)))
  end
end

-- Commands that write, and those that are not called before something was written; and how many operands they take
-- after the key at least. What `load` calls is not among them.
local OPERANDS = {
  hset = 2, hdel = 1, rpush = 1, lpush = 1, ltrim = 2, lset = 2, lrem = 2, linsert = 3, zadd = 2, zrem = 1,
  zremrangebyscore = 2, unlink = 0, pexpireat = 1, persist = 0, lindex = 1, lrange = 2, zrange = 2,
}

-- Ends the script, before it writes, where the user lacks one of the commands: an error halfway would leave half.
local function may(...)
  local key = KEYS[3] or KEYS[1]
  for _, command in ipairs({ ... }) do
    if not redis.acl_check_cmd(command, key, unpack({ '', '', '' }, 1, OPERANDS[command])) then
      error({ err = 'NOPERM this user has no permissions to run the ' .. command .. ' command' })
    end
  end
end

-- The log whose keys start at KEYS[at].
local function log_at(at)
  return {
    head = KEYS[at], records = KEYS[at + 1], pinned = KEYS[at + 2], ids = KEYS[at + 3], lost = KEYS[at + 4],
    member = string.sub(KEYS[at], -32),
  }
end

-- The log of this name in the group's sorted sets. Its keys share the hash tag of KEYS[1], and so its cluster slot.
local function log_of(member)
  local head = string.sub(LOGS, 1, -#'logs' - 1) .. member
  return {
    head = head, records = head .. ':records', pinned = head .. ':pinned', ids = head .. ':ids',
    lost = head .. ':lost', member = member,
  }
end

-- Fills in what the store has of a log; says whether it is there. Looks at every key, so that a foreign value under
-- one of them ends the script here.
local function load(log)
  local values = call('HMGET', log.head, 'f', 'd', unpack(NUMBERS))
  local listed, pinned = call('LLEN', log.records), call('ZCARD', log.pinned)
  local known, lost = call('HLEN', log.ids), call('ZCARD', log.lost)
  local appended, ends = call('ZSCORE', LOGS, log.member), call('ZSCORE', ENDS, log.member)
  log.remains = values[1] or listed + pinned + known + lost > 0
  if values[1] ~= FORMAT then
    if values[1] or call('HLEN', log.head) > 0 then
      error({ err = 'WRONGTYPE not a log, or one of a newer version' })
    end
    return false
  end
  for i, name in ipairs(NUMBERS) do
    log[name] = tonumber(values[i + 2])
  end
  log.d = values[2]
  return listed + pinned == log.n and pinned == log.pn and known == log.n and lost == log.k
    and appended and ends and (log.x == 0 or log.x > now)
end

-- Makes a log that is not there; whatever an eviction left of it goes. Nothing is called in vain: a full server refuses
-- a script's first write, and no other.
local function create(log, attributes)
  if log.remains then
    call('UNLINK', log.head, log.records, log.pinned, log.ids, log.lost)
  end
  for _, name in ipairs(NUMBERS) do
    log[name] = 0
  end
  -- Not from 0: a version of an earlier log of this name must not come again.
  log.v, log.c, log.a, log.d = now_micros, now, now, attributes
  call('HSET', log.head, 'f', FORMAT, 'd', attributes)
end

-- Removes all that is of a log.
local function forget(log)
  call('UNLINK', log.head, log.records, log.pinned, log.ids, log.lost)
  call('ZREM', LOGS, log.member)
  call('ZREM', ENDS, log.member)
end

-- Both keys of the group end with the last of its logs.
local function keep_group()
  local last = call('ZRANGE', ENDS, 0, 0, 'REV', 'WITHSCORES')[2]
  for _, key in ipairs({ LOGS, ENDS }) do
    if last == 'inf' then
      call('PERSIST', key)
    elseif last then
      call('PEXPIREAT', key, tonumber(last))
    end
  end
end

-- Gives a log a time to live in milliseconds from now, 0 for ever. Its own keys follow with `save` or `renew`.
local function set_end(log, ttl)
  log.x = ttl > 0 and now + ttl or 0
  call('ZADD', ENDS, ttl > 0 and log.x or '+inf', log.member)
  keep_group()
end

-- Gives the keys of a log its end: also those that were made by this change.
local function keep(log)
  local keys = {
    log.head, log.n > log.pn and log.records, log.pn > 0 and log.pinned, log.n > 0 and log.ids, log.k > 0 and log.lost,
  }
  for i = 1, 5 do
    if keys[i] and log.x == 0 then
      call('PERSIST', keys[i])
    elseif keys[i] then
      call('PEXPIREAT', keys[i], log.x)
    end
  end
end

-- Gives a log that is otherwise left as it is a time to live.
local function renew(log, ttl)
  set_end(log, ttl)
  call('HSET', log.head, 'x', log.x)
  keep(log)
end

-- Writes the head after a change.
local function save(log)
  log.pn = call('ZCARD', log.pinned)
  log.n, log.k = call('LLEN', log.records) + log.pn, call('ZCARD', log.lost)
  log.v = log.v + 1
  local fields = {}
  for i, name in ipairs(NUMBERS) do
    fields[2 * i - 1], fields[2 * i] = name, log[name]
  end
  call('HSET', log.head, unpack(fields))
  keep(log)
end

-- Takes expired logs out of the group, at most so many; says how many there were.
local function prune(most)
  local expired = call('ZRANGE', ENDS, '-inf', now, 'BYSCORE', 'LIMIT', 0, most)
  if #expired > 0 then
    call('ZREM', LOGS, unpack(expired))
    call('ZREM', ENDS, unpack(expired))
  end
  return #expired
end

-- Puts a log first in its group. A few that expired go, so that they don't gather where nobody lists.
local function list_first(log)
  prune(16)
  local first = call('ZRANGE', LOGS, 0, 0, 'REV', 'WITHSCORES')[2]
  call('ZADD', LOGS, math.max(now_micros, (tonumber(first) or 0) + 1), log.member)
end

-- A record as it comes (from = 1: weight, pinned, id, payload) or lies (from = 9: its number before that).
local function parse(text, from)
  local weight, pinned, length = struct.unpack('<I4BB', text, from)
  local id = string.sub(text, from + 6, from + 5 + length)
  return { weight = weight, pinned = pinned == 1, id = id, bytes = #text - from - 5 - length, text = text }
end

-- A record as it lies, with its number.
local function parse_stored(text)
  local record = parse(text, 9)
  record.seq = struct.unpack('<I8', text)
  return record
end

local function stored(seq, text)
  return struct.pack('<I8', seq) .. text
end

-- Adds a record to the sums, or takes it off (sign = -1).
local function tally(log, record, sign)
  log.w, log.b = log.w + sign * record.weight, log.b + sign * record.bytes
  if record.pinned then
    log.pw, log.pb = log.pw + sign * record.weight, log.pb + sign * record.bytes
  end
end

-- The record of this number, which the log must have.
local function number_at(log, index)
  return (struct.unpack('<I8', call('LINDEX', log.records, index)))
end

-- The index in the list of the first record whose number is at least this. Where no record is missing it is found at
-- once; the more are missing, the wider is the range that is searched. What the list spans is looked up once: records
-- may be large, and no script searches a list that it has changed.
local function find(log, seq)
  local len = log.n - log.pn
  if len == 0 then
    return 0
  end
  log.first, log.last = log.first or number_at(log, 0), log.last or number_at(log, -1)
  local first, last = log.first, log.last
  if seq <= first then
    return 0
  elseif seq > last then
    return len
  end
  local low, high = math.max(0, len - 1 - (last - seq)), math.min(len - 1, seq - first)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if number_at(log, middle) < seq then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

-- The record of this number as it lies, and its index in the list if it is not pinned.
local function fetch(log, seq)
  local pinned = call('ZRANGE', log.pinned, seq, seq, 'BYSCORE')[1]
  if pinned then
    return pinned
  end
  local index = find(log, seq)
  return call('LINDEX', log.records, index), index
end

-- For each id the number of the record that has it, or false.
local function numbers_of(log, ids)
  local numbers = {}
  for first = 1, #ids, CHUNK do
    local part = call('HMGET', log.ids, unpack(ids, first, math.min(first + CHUNK - 1, #ids)))
    for i = 1, #part do
      numbers[first + i - 1] = tonumber(part[i]) or false
    end
  end
  return numbers
end

-- Whether the log had this id and lost it.
local function is_lost(log, id)
  return log.k > 0 and call('ZSCORE', log.lost, id)
end

-- Moves ids from those that are there to those that are lost. `lost` holds number, id, number, id, …
local function lose(log, lost)
  local ids = {}
  for i = 2, #lost, 2 do
    ids[#ids + 1] = lost[i]
  end
  call_in_parts('HDEL', log.ids, ids)
  call_in_parts('ZADD', log.lost, lost, 2)
end

-- A head as it is answered.
local function answer(log)
  return { log.n, log.w, log.b, log.s, log.v, log.c, log.a, log.x == 0 and -1 or log.x - now, log.d }
end

