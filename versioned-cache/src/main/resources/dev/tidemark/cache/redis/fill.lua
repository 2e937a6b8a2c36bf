#!lua
-- Stores what was read under a lease, if the lease is still there and its floor allows the version.
--
-- KEYS[1]  the entry
-- ARGV[1]  token of the lease
-- ARGV[2]  version of the value, decimal
-- ARGV[3]  the value as an entry, header line and payload
-- ARGV[4]  life of the value in milliseconds
-- answer   1: stored; 0: refused, the lease is not there (any more); else the floor, decimal: refused, the lease is given up
--
-- Invariant: a value gets in only under a lease that was there before its source was read and ever since, and never below
-- the floor that evictions raised meanwhile. Versions are compared as numbers (exact below 2^53), never written as such.
local head = redis.pcall('GETRANGE', KEYS[1], 0, 127)
-- As it was taken: nearly always so, and no floor to be read then.
if head == 'L0:' .. ARGV[1] .. '\n' then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
  return 1
end
if type(head) ~= 'string' then
  return 0
end
local floor, holder = string.match(head, '^L(%d+):([%w_-]+)\n')
if holder ~= ARGV[1] then
  return 0
end
if tonumber(ARGV[2]) < tonumber(floor) then
  redis.call('DEL', KEYS[1])
  return floor
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1
