-- Gives a partition up.
-- KEYS[1]  the partition's lock
-- ARGV[1]  consumer
-- Result   1 when the consumer had it, else 0
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
