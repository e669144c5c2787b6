"""A Git host that answers nobody, and what people have to be told then."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from gitsync.reporting.link import Refused
from gitsync.sandbox.githost import Fault, FaultKind
from model.link import RequestBody
from model.link_change import ChangeAnswer, ValidationAnswer
from model.link_cluster import ClusterAnswer
from model.link_setup import GitHostAnswer
from tests.support.runtime import Rig
from tests.support.sandbox_rig import World


@contextmanager
def git_host_down(world: World, rig: Rig) -> Iterator[None]:
    rig.runtime.probe.forget("dana")
    world.host.faults.inject(Fault(FaultKind.REFUSE, status=503))
    try:
        yield
    finally:
        world.host.faults.clear()
        rig.runtime.probe.forget("dana")


async def refusal_of(rig: Rig, body: RequestBody) -> tuple[str, str, str]:
    """Code, sentence and next step with which the runtime refuses."""
    try:
        answer = await rig.runtime.requests.answer(body)
    except Refused as refused:
        return refused.code, str(refused), refused.suggestion
    problems = answer.errors if isinstance(answer, ValidationAnswer) else ()
    if isinstance(answer, ChangeAnswer | ClusterAnswer | GitHostAnswer):
        problems = answer.problems
    assert problems, answer
    return problems[0].code, problems[0].message, problems[0].suggestion


async def say_that_git_is_away(world: World, rig: Rig, bodies: list[RequestBody]) -> None:
    """Every one of them is refused with the same code, names the host, and says what to do next."""
    host = urlsplit(world.host.clone_url("apps")).netloc
    for body in bodies:
        code, message, suggestion = await refusal_of(rig, body)
        told = f"{type(body).__name__}: {code} {message} {suggestion}"
        assert (code, host in message, bool(suggestion)) == ("GIT_UNAVAILABLE", True, True), told
