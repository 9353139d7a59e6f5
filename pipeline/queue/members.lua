-- Says that a consumer is alive and tells who else is, by the server's clock.
-- KEYS[1]  sorted set of a topic's consumers by their last sign of life, milliseconds
-- ARGV[1]  consumer
-- ARGV[2]  milliseconds after which a silent consumer is taken for dead
-- Result   the live consumers
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 2)
return redis.call('ZRANGE', KEYS[1], 0, -1)
