#!lua flags=allow-oom
-- Makes a version known: nothing below it stays stored, and no fill under way may store anything below it.
--
-- KEYS[1]  the entry
-- ARGV[1]  the version, decimal
-- answer   0: nothing was there; 1: deleted; 2: what is there is as new already; 3: the floor of the lease was raised
--
-- Invariant: afterwards the key holds no value below the version and no lease with a floor below it. An equal version stays:
-- it is the same state. Repeats and late arrivals change nothing. An entry that cannot be read is deleted: it may hide an
-- old value. It runs when memory is out, too.
local head = redis.pcall('GETRANGE', KEYS[1], 0, 127)
if head == '' then
  return 0
end
if type(head) == 'string' then
  local floor, holder = string.match(head, '^L(%d+):([%w_-]+)\n')
  if floor then
    if tonumber(floor) >= tonumber(ARGV[1]) then
      return 2
    end
    redis.call('SET', KEYS[1], 'L' .. ARGV[1] .. ':' .. holder .. '\n', 'KEEPTTL')
    return 3
  else
    local version = string.match(head, '^[VD](%d+)\n')
    if version and tonumber(version) >= tonumber(ARGV[1]) then
      return 2
    end
  end
end
redis.call('DEL', KEYS[1])
return 1
