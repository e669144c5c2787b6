"""What holds for every test: the same examples in each run, a time limit, no network, a line for each missing part."""

import errno
import gc
import ipaddress
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.support.compiled import compile_program, compile_tests
from tests.support.longest_first import in_order

if TYPE_CHECKING:
    from xdist.remote import Producer

    from tests.support.together import LoadGroups

# They end what hangs; how fast something is, is measured by `make bench`. So they are generous: machines are shared.
# That of other tests is in pyproject.toml.
E2E_SECONDS = 300

# What a test may cost outside e2e, unless `cpu_seconds` says more: on a busy machine this is the same, unlike time.
CPU_SECONDS = 2.0

# Derandomised, since a suite that fails only now and then is believed by
# nobody; looking for new examples is `--hypothesis-profile=explore`.
_STEADY = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("steady", _STEADY)
settings.register_profile("explore", settings(_STEADY, derandomize=False, max_examples=500))
settings.load_profile("steady")

# Collecting makes a million objects that stay: looking through them again and again takes a tenth of the time.
gc.set_threshold(50_000, 20, 100)

# Tracebacks with colours and local variables, as structlog prints them unasked, take half a second each.
_PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _PLAIN])

_ALL_END_TO_END = re.compile(r"^pytestmark = [^\]]*\bpytest\.mark\.e2e\b", re.MULTILINE)


def _without_network(event: str, arguments: tuple[object, ...]) -> None:
    """This process is on a machine that is connected to nothing but itself."""
    if event == "socket.connect" and isinstance(address := arguments[1], tuple) and not _is_here(address[0]):
        raise OSError(errno.ENETUNREACH, "tests have no network")
    if event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        raise socket.gaierror(socket.EAI_NONAME, "tests have no network")


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


sys.addaudithook(_without_network)


@pytest.fixture(scope="session", autouse=True)
def _table_of_characters() -> None:
    """Hypothesis makes it once a machine, which takes seconds."""
    st.text().validate()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Does not import files that would be deselected as a whole, where one half of the tests is wanted."""
    wanted = config.getoption("markexpr")
    if wanted not in ("e2e", "not e2e") or not collection_path.match("test_*.py"):
        return None
    return True if _is_other_half(collection_path, wanted) else None


def _is_other_half(file: Path, wanted: str) -> bool:
    text = file.read_text(encoding="utf-8")
    return "mark.e2e" not in text if wanted == "e2e" else _ALL_END_TO_END.search(text) is not None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    if not sys.dont_write_bytecode:
        compile_program()
        compile_tests(config.pluginmanager.rewrite_hook, Path(__file__).parent.rglob("test_*.py"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "LoadGroups | None":
    """Only where whole files are handed out."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.support.together import LoadGroups  # xdist is there when it asks

    return LoadGroups(config, log)


def pytest_collection_finish() -> None:
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    end_to_end = [item.path for item in items if item.get_closest_marker("e2e")]
    places = {file: place for place, file in enumerate(in_order(end_to_end, (item.path for item in items)))}
    items.sort(key=lambda item: places[item.path])
    for item in items:
        if item.get_closest_marker("e2e") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(E2E_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    before = time.process_time()
    result = yield
    took = time.process_time() - before
    own = item.get_closest_marker("cpu_seconds")
    limit = own.args[0] if own else CPU_SECONDS
    if took > limit and not item.get_closest_marker("e2e"):
        pytest.fail(f"it took {took:.1f} s of CPU; the limit is {limit} s", pytrace=False)
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Counts what was skipped by its reason, since a part that is missing skips hundreds of tests."""
    skipped = Counter(str(report.longrepr[2]) for report in terminalreporter.getreports("skipped"))
    if skipped:
        terminalreporter.section("skipped, by reason")
        for reason, count in skipped.most_common():
            terminalreporter.line(f"{count:5} {reason.removeprefix('Skipped: ')}")
