#!lua flags=allow-oom
-- Removes a value that was found to be wrong, if it is still the one that was seen.
--
-- KEYS[1]  the entry
-- ARGV[1]  its bytes, all of them, as they were seen
-- answer   1: removed; 0: something else is there, or nothing, and stays as it is
--
-- Invariant: the same as when the entry is lost.
if redis.pcall('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
