"""Every mutation while the Git host is away: `git_host_down.yaml` says which are refused, and that the others go on."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from api.access.verdicts import FRESH_SECONDS
from api.schema.build import build_schema
from model.audit import ReadAudit
from model.link import ProbeAccess
from tests.contract.graphql.test_access_matrix import CART, MATRIX, PEOPLE
from tests.support.api_world import RIGHTS
from tests.support.control_plane import Running, control_plane
from tests.support.fake_fleet import PLATFORM, Fleet
from tests.support.yaml_text import read_yaml

TABLE: dict[str, Any] = read_yaml((Path(__file__).parent / "git_host_down.yaml").read_text())
WHAT_IT_SAYS = "errors { code message suggestion }"


def test_of_every_mutation_it_is_said_whether_it_needs_the_git_host() -> None:
    mutation = build_schema()._schema.mutation_type
    assert mutation is not None
    assert {*TABLE["refused"], *TABLE["goes on"]} == set(mutation.fields)


@pytest.mark.cpu_seconds(30)
async def test_without_the_git_host_each_mutation_does_what_the_table_says(tmp_path: Path) -> None:
    ahead = 0.0
    async with control_plane(tmp_path, monotonic=lambda: time.monotonic() + ahead) as running:
        runtime = await running.runtime("demo", rights=dict(RIGHTS))
        fleet = Fleet(runtime, 3)
        async with runtime.connected():
            await fleet.announce()
            before = await running.query("admin", "{ applications { nodes { id } } }")
            runtime.git_is_down = True
            ahead = FRESH_SECONDS + 60
            assert await running.query("admin", "{ applications { nodes { id } } }") == before, "reading goes on"
            for name in TABLE["refused"]:
                first = await _first_error(running, name)
                told = f"{name}: {first}"
                assert first["code"] == "GIT_UNAVAILABLE", told
                assert urlsplit(PLATFORM).netloc in first["message"], told
                assert "try again when the Git host is back" in first["suggestion"], told
            changing = [body for body in runtime.requests if not isinstance(body, ProbeAccess | ReadAudit)]
            assert not changing
            for name in TABLE["goes on"]:
                wanted = MATRIX["Mutation"][name][1 + PEOPLE.index("admin")]
                assert (await _first_error(running, name)).get("code", "data") == wanted, name


async def _first_error(running: Running, mutation: str) -> dict[str, str]:
    """{}: there is none."""
    document = MATRIX["Mutation"][mutation][0].replace("$cart", CART).replace("errors { code }", WHAT_IT_SAYS)
    answer = (await running.post("admin", document)).json()
    for error in answer.get("errors") or ():
        return {**error["extensions"], "message": error["message"]}
    payload = answer["data"][mutation]
    errors: list[dict[str, str]] = payload["errors"] if isinstance(payload, dict) else []
    return errors[0] if errors else {}
