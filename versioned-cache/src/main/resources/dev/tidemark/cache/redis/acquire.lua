#!lua
-- Takes the lease to fill a key, where nothing is stored and nobody else holds it.
--
-- KEYS[1]  the entry
-- ARGV[1]  token of the asking reader, [A-Za-z0-9_-]{1,64}
-- ARGV[2]  life of the lease in milliseconds
-- ARGV[3]  how many bytes of a value are asked for at most
-- answer   nil: the lease is the asker's; else the stored entry: a value, or the lease of another reader
--
-- Invariant: a lease is only ever put where no readable entry is, so no value and no floor is lost by it.
-- Asked again with the same token (after an answer that was lost) it answers the same and changes nothing.
local head = redis.pcall('GETRANGE', KEYS[1], 0, 127)
if type(head) == 'string' then
  if string.match(head, '^[VD]%d+\n') then
    return redis.call('GETRANGE', KEYS[1], 0, ARGV[3] - 1)
  end
  local holder = string.match(head, '^L%d+:([%w_-]+)\n$')
  -- A lease that has lost its end would keep the key from ever being filled.
  if holder and redis.pcall('PTTL', KEYS[1]) == -1 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  end
  if holder == ARGV[1] then
    return false
  end
  if holder then
    return head
  end
end
redis.call('SET', KEYS[1], 'L0:' .. ARGV[1] .. '\n', 'PX', ARGV[2])
return false
