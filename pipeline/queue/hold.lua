-- Takes or keeps a partition for one consumer.
-- KEYS[1]  the partition's lock
-- ARGV[1]  consumer
-- ARGV[2]  lease, milliseconds
-- Result   1 when the consumer has the partition, else 0
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
