"""What a program may do and see while it renders."""

import os
import select
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gitsync.render.errors import GenerationFailed
from gitsync.render.program import Command, ProgramLimits, run_program

LIMITS = ProgramLimits(seconds=10, cpu_seconds=5, memory_bytes=400_000_000, output_bytes=100_000, written_bytes=100_000)
pytestmark = pytest.mark.cpu_seconds(20)


async def said(code: str, *, limits: ProgramLimits = LIMITS, tree: dict[str, bytes] | None = None) -> str:
    """What a Python program says; it stands for a renderer that was taken over."""
    command = Command("program", Path(sys.executable), lambda *places: ["-I", "-S", "-c", code, *map(str, places)])
    return (await run_program(command, tree or {}, limits=limits)).decode()


async def test_it_sees_the_files_and_no_others() -> None:
    code = (
        "import os, sys\nfor place, _, files in os.walk(sys.argv[1]): print(os.path.relpath(place, sys.argv[1]), files)"
    )
    assert await said(code, tree={"in/a.yaml": b"a"}) == ". ['in']\n".replace("['in']", "[]") + "in ['a.yaml']\n"


async def test_it_gets_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TOKEN", "canary")
    shown = await said("import os; print(dict(os.environ))")
    assert "canary" not in shown
    assert str(Path.home()) not in [part.strip("' ,") for part in shown.split()]


def has_namespaces() -> bool:
    code = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x50000000) != 0)"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


REACHING = """import socket
try:
    socket.create_connection(('127.0.0.1', {port}), 1)
    print('reached')
except OSError:
    print('alone')"""


async def test_it_reaches_no_server() -> None:
    if not has_namespaces():
        pytest.skip("the kernel gives no namespaces to this user")
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert await said(REACHING.format(port=server.getsockname()[1])) == "alone\n"


@pytest.mark.parametrize(
    ("code", "limits", "says"),
    [
        ("while True: pass", ProgramLimits(cpu_seconds=1), "more CPU time"),
        ("import time; time.sleep(60)", ProgramLimits(seconds=0.5), "took longer than 0.5 seconds"),
        ("x = 'x' * 10**9; import sys; sys.exit('out of memory')", LIMITS, "program failed: .*MemoryError"),
        ("print('x' * 10**6)", LIMITS, "wrote more than the 100000 bytes"),
        ("import os; open(os.environ['HOME'] + '/a', 'w').write('x' * 10**6)", LIMITS, "program"),
        ("import sys; sys.exit('https://user:secret@host/x is no chart')", LIMITS, "https://host/x is no chart"),
    ],
)
async def test_it_ends_at_its_limits(code: str, limits: ProgramLimits, says: str) -> None:
    with pytest.raises(GenerationFailed, match=says) as caught:
        await said(code, limits=limits)
    assert "secret" not in str(caught.value)
    assert "argosy-render-" not in str(caught.value)


FORKING = """import os, time
pid = os.fork()
if pid == 0:
    os.close(1)
    os.close(2)
    time.sleep(60)
print(os.getpgid(pid))"""


async def test_what_it_started_ends_with_it() -> None:
    group = int(await said(FORKING))
    for pid in members(group):
        assert ended(int(pid)), pid


def ended(pid: int) -> bool:
    """Whether the process is over, or is within a second: one that was killed may still be on its way out."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 1)[0])
    finally:
        os.close(handle)


def members(group: int) -> list[str]:
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                if os.getpgid(int(place.name)) == group:
                    found.append(place.name)
            except ProcessLookupError:
                continue
    return found


async def test_nothing_is_left_on_the_disk() -> None:
    directory = Path((await said("import sys; print(sys.argv[1])", tree={"a/b": b"1"})).strip())
    assert directory.name == "tree"
    assert not directory.parent.exists()
