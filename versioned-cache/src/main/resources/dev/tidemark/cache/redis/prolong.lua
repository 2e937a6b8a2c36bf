#!lua flags=allow-oom
-- Gives a value a new life, after its source was read again and was found unchanged.
--
-- KEYS[1]  the entry
-- ARGV[1]  version that the source has, decimal
-- ARGV[2]  life from now on in milliseconds
-- answer   1: the value of just this version lives on; 0: something else is there, or nothing, and stays as it is
--
-- Invariant: what the key holds does not change.
local head = redis.pcall('GETRANGE', KEYS[1], 0, 127)
local version = type(head) == 'string' and string.match(head, '^[VD](%d+)\n')
if version and tonumber(version) == tonumber(ARGV[1]) then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
