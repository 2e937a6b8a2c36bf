#!lua flags=allow-oom
-- Gives a lease up whose holder could not read the source, so that the next reader need not wait for its end.
--
-- KEYS[1]  the entry
-- ARGV[1]  token of the lease
-- answer   1: given up; 0: the lease is not there (any more), and whatever else is stays as it is
--
-- Invariant: the same as when the lease expires.
local head = redis.pcall('GETRANGE', KEYS[1], 0, 127)
if type(head) == 'string' and string.match(head, '^L%d+:([%w_-]+)\n') == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
