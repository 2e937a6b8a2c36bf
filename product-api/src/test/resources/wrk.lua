-- For wrk: `wrk -s wrk.lua URL [-- NAME]` reads URL, or creates products of that name there, and ends with a line for each status:
-- `status 503: 12`. An answer that tells to come back later and not when is counted as `status 503 without Retry-After`.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  answers = {}
  if args[1] then
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = '{"name":"' .. args[1] .. '","price":1,"currency":"EUR"}'
  end
end

function response(status, headers)
  local answer = tostring(status)
  if status == 503 and not headers["Retry-After"] then
    answer = answer .. " without Retry-After"
  end
  answers[answer] = (answers[answer] or 0) + 1
end

function done()
  local sums = {}
  for _, thread in ipairs(threads) do
    for answer, count in pairs(thread:get("answers")) do
      sums[answer] = (sums[answer] or 0) + count
    end
  end
  for answer, count in pairs(sums) do
    print("status " .. answer .. ": " .. count)
  end
end
