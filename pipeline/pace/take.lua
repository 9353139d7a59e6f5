-- Takes one message's charges from its buckets, or pauses them.
-- KEYS     buckets, hashes of: level (units, below 0 when overdrawn), at and
--          paused (milliseconds); the first is the whole account, without limit
-- ARGV[1]  now, milliseconds
-- ARGV[2]  0 to take; else pause every bucket of KEYS until this time, milliseconds
-- ARGV[3…] for each bucket: units, units per second, burst
-- Result   milliseconds to wait before sending
local told, pause = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock_step = 60000 -- tells a clock that was set back from processes whose clocks differ
local longest = 0
for i, key in ipairs(KEYS) do
  local units, rate, burst = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
  local had = redis.call('HMGET', key, 'level', 'at', 'paused')
  local level, at, paused = tonumber(had[1] or burst), tonumber(had[2] or told), tonumber(had[3] or 0)
  local now = math.max(told, at)
  if at - told > clock_step then -- what was measured by the clock is void
    now, at, paused = told, told, 0
  end
  local from = math.max(at, paused)
  if pause == 0 and now > from then
    level = math.min(burst, level + (now - from) / 1000 * rate)
  end
  if pause > 0 then
    level, paused = math.min(level, 0), math.max(paused, pause)
  end
  local wait = math.max(0, paused - now)
  if units > 0 and rate > 0 then
    level = level - units
    if level < 0 then
      wait = wait - level / rate * 1000
    end
  end
  local life = math.max(0, paused - now) + 60000
  if rate > 0 then
    life = life + math.max(0, burst - level) / rate * 1000
  end
  redis.call('HSET', key, 'level', tostring(level), 'at', tostring(now), 'paused', tostring(paused))
  redis.call('PEXPIRE', key, math.ceil(life))
  longest = math.max(longest, wait)
end
return math.ceil(longest)
