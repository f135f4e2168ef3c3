-- What has changed since. ARGV: schema; generation, history and number up to which the caller has come, and the
-- millisecond at which it was told so; the most entries and bytes of an answer.
-- Answers generation, history, the number since which this tells (0 is everything) and up to which, the last number
-- there is, the time, entries that there are, entries that have not ended, removed ids each with a number, and for
-- each entry: number, id, end or nothing, value.
if known ~= ARGV[1] then return known and 'other' or 'missing' end

-- Another history: another server, or one that has been started anew. It may lack what was told before.
local told = redis.pcall('INFO', 'replication')
local history = type(told) == 'string' and string.match(told, 'master_replid:(%x+)') or ''
local since, held = tonumber(ARGV[4]), tonumber(ARGV[5])
if ARGV[2] ~= generation or ARGV[3] ~= history or since < forgotten or since > number then
  since = 0
elseif held > now and held - now < 1000 then
  -- A clock that was set back a little does not bring back what has ended.
  now = held
end
local after, upto = string.format('(%.0f', since), number

local left = {}
if since > 0 then
  left = redis.call('ZRANGEBYSCORE', gone, after, '+inf', 'WITHSCORES', 'LIMIT', 0, 1000)
  if #left == 2000 then upto = tonumber(left[2000]) end
end

local most, limit = tonumber(ARGV[6]), tonumber(ARGV[7])
local found = redis.call('ZRANGEBYSCORE', written, after, upto, 'WITHSCORES', 'LIMIT', 0, most)
local out, size = {}, 0
for i = 1, #found, 2 do
  local id = found[i]
  local value = redis.call('HGET', entries, id) or ''
  for _, part in ipairs({found[i + 1], id, redis.call('ZSCORE', ends, id) or '', value}) do out[#out + 1] = part end
  size = size + #id + #value
  if size >= limit or i == 2 * most - 1 then
    upto = tonumber(found[i + 1])
    break
  end
end
local living = count - redis.call('ZCOUNT', ends, '-inf', now)
return {generation, history, since, upto, number, now, count, living, left, out}
