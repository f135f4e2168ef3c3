-- ARGV: schema, any vector, filter or nothing. How many entries pass it.
if known ~= ARGV[1] then return known and 'other' or 'missing' end
local filter = living(ARGV[3], sweep())
local all = redis.call('VCARD', set)
if filter == '' or all == 0 then return all end
return #redis.call('VSIM', set, 'FP32', ARGV[2], 'COUNT', all, 'FILTER', filter, 'FILTER-EF', '1000000000', 'TRUTH')
