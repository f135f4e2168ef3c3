-- The schema that is there, the entries that have not ended, and the bytes that all take.
if not known then return 'missing' end
return {known, count - redis.call('ZCOUNT', ends, '-inf', now), bytes}
