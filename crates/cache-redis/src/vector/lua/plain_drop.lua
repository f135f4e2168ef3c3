-- Removes the index, whatever its schema; whether it was there.
redis.call('UNLINK', unpack(KEYS))
return known and 1 or 0
