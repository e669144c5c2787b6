"""The Lua side of the sandbox: what a script may call, and the hook that stops one that runs for too long.

Lua 5.2 and not 5.1, which Argo CD's interpreter resembles more, since that interpreter has `goto` as well.
"""

HOOK_INSTRUCTIONS = 200

EXPIRED = "the script was stopped: it ran for too long"

# Called with (source, name, open libraries); gives the function that runs the script, one that makes an empty list and
# one that knows it again, since Lua has one kind of table; or nil and the error.
#
# - The hook raises again and again once time is up, at every instruction, so that pcall in a script cannot swallow it.
# - The handler of xpcall would run inside the hook, where no hook fires, so ours runs after it.
# - __gc would run without hooks, so it is refused.
# - pairs goes in the order of the keys: the order in which Lua itself goes differs from process to process.
# - require gives the libraries that a script has anyway, since many begin with `local os = require("os")`.
# - Patterns of Lua backtrack inside C, where no hook fires, so what they may cost is reckoned beforehand; long tables
#   are not sorted and long texts not made, for the same reason.
PRELUDE = r"""
local source, name, open = ...
local chunk, failure = load(source, "=" .. name, "t", {})
if not chunk then return nil, failure end

local error, type, pcall, pairs, ipairs, rawget, select = error, type, pcall, pairs, ipairs, rawget, select
local setmetatable, getmetatable, tostring, next = setmetatable, getmetatable, tostring, next
local sethook, setupvalue, clock, date = debug.sethook, debug.setupvalue, os.clock, os.date
local sort, pack, unpack, floor, string = table.sort, table.pack, table.unpack, math.floor, string
local find, gmatch, gsub, match, sub = string.find, string.gmatch, string.gsub, string.match, string.sub
local rep = string.rep
local text_meta = getmetatable("")
text_meta.__metatable = false

local function before(a, b)
  local ta, tb = type(a), type(b)
  if ta ~= tb then return ta < tb end
  if ta == "number" or ta == "string" then return a < b end
  return tostring(a) < tostring(b)
end

local function ordered_pairs(t)
  if type(t) ~= "table" then error("bad argument #1 to 'pairs' (table expected, got " .. type(t) .. ")", 2) end
  local keys, count = {}, 0
  for key in next, t do count = count + 1; keys[count] = key end
  sort(keys, before)
  local position = 0
  return function()
    while position < count do
      position = position + 1
      local key = keys[position]
      local value = t[key]
      if value ~= nil then return key, value end
    end
  end, t, nil
end

local function safe_setmetatable(t, meta)
  if type(meta) == "table" and rawget(meta, "__gc") ~= nil then error("__gc is not allowed", 2) end
  return setmetatable(t, meta)
end

local function safe_xpcall(f, handler, ...)
  local answer = pack(pcall(f, ...))
  if answer[1] then return unpack(answer, 1, answer.n) end
  return false, handler(answer[2])
end

local function cheap(subject, pattern)
  subject, pattern = tostring(subject), tostring(pattern)
  local _, repeats = gsub(pattern, "[%*%+%-%?]", "")
  if sub(pattern, 1, 1) ~= "^" then repeats = repeats + 1 end
  local cost = 1
  for step = 1, repeats do cost = cost * (#subject + step) / step end
  if cost > 1e8 then error("the pattern " .. sub(pattern, 1, 100) .. " could take too long", 3) end
end

local function timegm(t)
  local year, month = t.year, t.month
  if month <= 2 then year, month = year - 1, month + 12 end
  local days = 365 * year + floor(year / 4) - floor(year / 100) + floor(year / 400)
  days = days + floor((153 * (month - 3) + 2) / 5) + t.day - 719469
  return days * 86400 + (t.hour or 12) * 3600 + (t.min or 0) * 60 + (t.sec or 0)
end

local function copy(library, names)
  local found = {}
  for _, key in ipairs(names) do found[key] = library[key] end
  return found
end

local function fresh(now)
  local env = {
    assert = assert, error = error, getmetatable = getmetatable, ipairs = ipairs, next = next, pairs = ordered_pairs,
    pcall = pcall, print = function() end, rawequal = rawequal, rawget = rawget, rawlen = rawlen, rawset = rawset,
    select = select, setmetatable = safe_setmetatable, tonumber = tonumber, tostring = tostring, type = type,
    unpack = unpack, xpcall = safe_xpcall, _VERSION = _VERSION,
  }
  env._G = env
  env.table = copy(table, {"concat", "insert", "pack", "remove", "sort", "unpack"})
  env.table.getn = function(t) return #t end
  env.table.sort = function(t, order)
    if #t > 20000 then error("a table of " .. #t .. " entries is too long to sort", 2) end
    return sort(t, order)
  end
  env.os = {
    time = function(t) if t == nil then return now end return timegm(t) end,
    clock = function() return 0 end,
    difftime = function(a, b) return a - (b or 0) end,
    date = function(format, at)
      format = tostring(format or "%c")
      if sub(format, 1, 1) ~= "!" then format = "!" .. format end
      return date(format, at or now)
    end,
  }
  text_meta.__index = nil
  if open then
    env.math = copy(math, {"abs", "ceil", "floor", "fmod", "huge", "log", "max", "min", "modf", "pi", "pow", "sqrt"})
    env.string = copy(string, {"byte", "char", "format", "len", "lower", "reverse", "sub", "upper"})
    env.string.rep = function(s, times, between)
      if (#s + #(between or "")) * times > 4e6 then error("the text would be too long", 2) end
      return rep(s, times, between)
    end
    env.string.find = function(s, p, from, plain) if not plain then cheap(s, p) end return find(s, p, from, plain) end
    env.string.match = function(s, p, from) cheap(s, p) return match(s, p, from) end
    env.string.gmatch = function(s, p) cheap(s, p) return gmatch(s, p) end
    env.string.gsub = function(s, p, with, most) cheap(s, p) return gsub(s, p, with, most) end
    text_meta.__index = env.string
  end
  local libraries = {os = env.os, table = env.table, math = env.math, string = env.string}
  env.require = function(library)
    local found = libraries[library]
    if not found then error("module '" .. sub(tostring(library), 1, 100) .. "' not found", 2) end
    return found
  end
  return env
end

local list = {__metatable = false}
local raw_metatable = debug.getmetatable
local function empty_list() return setmetatable({}, list) end
local function is_list(t) return raw_metatable(t) == list end

local function run(globals, now, most_ticks, most_seconds, every)
  local env = fresh(now)
  for key, value in pairs(globals) do env[key] = value end
  setupvalue(chunk, 1, env)
  local ticks, deadline, expired = 0, clock() + most_seconds, false
  local function hook()
    ticks = ticks + 1
    if expired or ticks > most_ticks or clock() > deadline then
      if not expired then expired = true; sethook(hook, "", 1) end
      error("EXPIRED", 0)
    end
  end
  sethook(hook, "", every)
  local ok, result = pcall(chunk)
  sethook()
  return ok, result
end

return run, empty_list, is_list
""".replace("EXPIRED", EXPIRED)
