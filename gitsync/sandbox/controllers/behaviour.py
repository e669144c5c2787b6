"""What a simulated container does, read from what it says. Pure.

No container is ever run. A server serves until it is stopped; whoever wants a failure, a delay or an end writes it
down:

- an image whose name contains error, nonexistent or does-not-exist, or whose tag begins with missing: cannot be pulled;
- a command that begins with /bad: cannot be started;
- a script made only of echo, sleep and exit (`sh -c 'sleep 5 && exit 1'`): does just that;
- a Job's container: runs for the first `sleep N` anywhere in its command and ends with the `exit N` in it, else with 0;
- postStart `sleep N`: starts so much later; preStop `sleep N`: stops so much later;
- a readiness probe is met `initialDelaySeconds` after the start, at most a minute, and never if it executes `false`.
"""

import re
from dataclasses import dataclass
from enum import Enum

from gitsync.manifest.object import JsonObject

_BAD_IMAGE = re.compile(r"error|nonexistent|does-not-exist|:missing")
_SLEEP = re.compile(r"sleep +(\d+(?:\.\d+)?)([smhd]?)")
_EXIT = re.compile(r"exit +([1-9]\d*)")
_SEPARATOR = re.compile(r"&&|\|\||;|\n")
_HARMLESS = re.compile(r"(?:echo|printf|set|export|date)(?: .*)?|true|:|")
_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SHELLS = frozenset({"sh", "bash", "ash"})
_LONGEST_READY_SECONDS = 60.0
_SHORT_RUN_SECONDS = 0.2


class StartFailure(Enum):
    """Why a container cannot start."""

    NONE = ""
    IMAGE = "image"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`run_seconds` None: runs until it is stopped. `ready_seconds` None: is never ready."""

    start_failure: StartFailure = StartFailure.NONE
    start_seconds: float = 0.0
    ready_seconds: float | None = 0.0
    run_seconds: float | None = None
    exit_code: int = 0
    stop_seconds: float = 0.0


def behaviour_of(container: JsonObject, *, in_job: bool = False, is_init: bool = False) -> Behaviour:
    """Init containers end well at once unless they say otherwise; sidecars among them are servers."""
    start_failure = _start_failure(container)
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    ends_anyway = in_job or (is_init and container.get("restartPolicy") != "Always")
    run_seconds, exit_code = _run(words, in_job=in_job, ends_anyway=ends_anyway)
    return Behaviour(
        start_failure=start_failure,
        start_seconds=_hook_seconds(container, "postStart"),
        ready_seconds=_ready_seconds(container),
        run_seconds=run_seconds,
        exit_code=exit_code,
        stop_seconds=_hook_seconds(container, "preStop"),
    )


def _start_failure(container: JsonObject) -> StartFailure:
    if _BAD_IMAGE.search(container.get("image") or ""):
        return StartFailure.IMAGE
    command = container.get("command") or [""]
    return StartFailure.COMMAND if command[0].startswith("/bad") else StartFailure.NONE


def _run(words: list[str], *, in_job: bool, ends_anyway: bool) -> tuple[float | None, int]:
    if in_job:
        text = " ".join(words)
        seconds, code = _SLEEP.search(text), _EXIT.search(text)
        return _seconds(seconds) if seconds else _SHORT_RUN_SECONDS, int(code[1]) if code else 0
    script = _script(words)
    told = _told(script) if script is not None else None
    if told is not None:
        return told
    return (_SHORT_RUN_SECONDS, 0) if ends_anyway else (None, 0)


def _script(words: list[str]) -> str | None:
    """The shell script among the words, or the words themselves; None when there is nothing to read."""
    if not words:
        return None
    if words[0].rpartition("/")[2] in _SHELLS:
        flag = next((index for index, word in enumerate(words) if word.startswith("-") and word.endswith("c")), None)
        return words[flag + 1] if flag is not None and flag + 1 < len(words) else None
    return " ".join([words[0].rpartition("/")[2], *words[1:]])


def _told(script: str) -> tuple[float | None, int] | None:
    """Seconds and exit code of a script that only echoes, sleeps and exits; None for any other."""
    total = 0.0
    for statement in map(str.strip, _SEPARATOR.split(script)):
        if sleep := _SLEEP.fullmatch(statement):
            total += _seconds(sleep)
        elif statement == "sleep infinity":
            return None, 0
        elif statement == "false":
            return max(total, _SHORT_RUN_SECONDS), 1
        elif leave := re.fullmatch(r"exit(?: +(\d+))?", statement):
            return max(total, _SHORT_RUN_SECONDS), int(leave[1] or 0)
        elif not _HARMLESS.fullmatch(statement):
            return None
    return max(total, _SHORT_RUN_SECONDS), 0


def _ready_seconds(container: JsonObject) -> float | None:
    probe = container.get("readinessProbe")
    if probe is None:
        return 0.0
    words = (probe.get("exec") or {}).get("command") or []
    told = _told(_script(words) or "sleep infinity") if words else None
    if told is not None and told[1]:
        return None
    startup = (container.get("startupProbe") or {}).get("initialDelaySeconds", 0)
    return float(min(max(probe.get("initialDelaySeconds", 0), startup), _LONGEST_READY_SECONDS))


def _hook_seconds(container: JsonObject, hook: str) -> float:
    handler = (container.get("lifecycle") or {}).get(hook) or {}
    if "sleep" in handler:
        return float(handler["sleep"].get("seconds", 0))
    told = _SLEEP.search(" ".join((handler.get("exec") or {}).get("command") or ()))
    return _seconds(told) if told else 0.0


def _seconds(sleep: re.Match[str]) -> float:
    return float(sleep[1]) * _UNIT_SECONDS[sleep[2]]
