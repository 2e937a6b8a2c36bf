#!lua
-- Renews a live value after a write. Never adds an entry and never replaces a lease: it may come late, when a newer eviction
-- has passed and left nothing behind.
--
-- KEYS[1]  the entry
-- ARGV[1]  version of the value, decimal
-- ARGV[2]  the value as an entry, header line and payload
-- ARGV[3]  life of the value in milliseconds
-- answer   0: nothing was there, nor is; 1: renewed; 2: what is there is as new already; 3: the floor of the lease was raised
--
-- Invariant: as for an eviction by this version; and a value is only ever replaced by a newer one.
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
  end
  local version = string.match(head, '^[VD](%d+)\n')
  if version then
    if tonumber(version) >= tonumber(ARGV[1]) then
      return 2
    end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return 1
  end
end
redis.call('DEL', KEYS[1])
return 0
