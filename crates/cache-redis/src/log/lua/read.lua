-- Reads records. KEYS[3..7] the log. ARGV: what, and its arguments. Answers {head, records}, in any order and perhaps
-- more than were asked for (pinned and others are each read in full), or nothing where there is no log.
local log = log_at(3)
if not load(log) then
  return false
end
local found = {}
local function add(records)
  for _, text in ipairs(records) do
    found[#found + 1] = text
  end
end

local function last(most)
  if most > 0 then
    add(call('LRANGE', log.records, math.max(0, log.n - log.pn - most), -1))
    add(call('ZRANGE', log.pinned, 0, most - 1, 'REV'))
  end
end

local function from(seq, most)
  if most > 0 then
    most = math.min(most, log.n)
    local index = find(log, seq)
    add(call('LRANGE', log.records, index, index + most - 1))
    add(call('ZRANGE', log.pinned, seq, '+inf', 'BYSCORE', 'LIMIT', 0, most))
  end
end

-- Walks back from the end, in steps of about what is still wanted by the average weight.
local function window(max_weight, most)
  add(call('ZRANGE', log.pinned, 0, -1))
  local left, len = max_weight - log.pw, log.n - log.pn
  local average = len > 0 and (log.w - log.pw) / len or 0
  local high, full = len - 1, left < 0 or most == 0
  while high >= 0 and not full do
    local step = average > 0 and math.min(math.ceil(left / average) + 1, 256) or 256
    local low = math.max(0, high + 1 - math.min(step, most))
    local records = call('LRANGE', log.records, low, high)
    for i = #records, 1, -1 do
      left = left - struct.unpack('<I4', records[i], 9)
      if left < 0 then
        full = true
        break
      end
      found[#found + 1] = records[i]
    end
    most = most - #records
    high, full = low - 1, full or most == 0
  end
end

local what = ARGV[1]
if what == 'last' then
  last(tonumber(ARGV[2]))
elseif what == 'from' then
  from(tonumber(ARGV[2]), tonumber(ARGV[3]))
elseif what == 'after' then
  local seq = numbers_of(log, { ARGV[2] })[1]
  if seq then
    from(seq + 1, tonumber(ARGV[3]))
  end
elseif what == 'window' then
  window(tonumber(ARGV[2]), tonumber(ARGV[3]))
else
  local ids, seen = {}, {}
  for i = 2, #ARGV do
    ids[i - 1] = ARGV[i]
  end
  for _, seq in ipairs(numbers_of(log, ids)) do
    if seq and not seen[seq] then
      seen[seq] = true
      found[#found + 1] = (fetch(log, seq))
    end
  end
end
return { answer(log), found }
