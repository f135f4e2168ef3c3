-- How many logs the group has. The smaller of both, should one of them have been evicted.
local unexpired = call('ZCOUNT', ENDS, string.format('(%.0f', now), '+inf')
return math.min(call('ZCARD', LOGS), unexpired)
