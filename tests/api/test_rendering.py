"""What an application's sources read is shown to those who may see the application."""

import pytest

from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

QUESTION = """{ application(runtime: "demo", name: "cart") { rendering {
  renderedAt reasons sources { repoURL path type commit fromCache consulted reads { kind path id } readsTotal } } } }"""


async def test_a_reader_sees_what_was_read_and_why(running: Running, runtime: FakeRuntime) -> None:
    rendering = (await running.query("reader", QUESTION))["application"]["rendering"]
    assert rendering["reasons"] == ["blob apps/cart/app.yaml changed"]
    (source,) = rendering["sources"]
    assert (source["path"], source["type"], source["readsTotal"]) == ("apps/cart", "Directory", 2)
    assert source["reads"][1] == {"kind": "absent", "path": "apps/cart/Chart.yaml", "id": None}


@pytest.mark.parametrize("person", ["stranger"])
async def test_others_see_nothing_of_it(person: str, running: Running, runtime: FakeRuntime) -> None:
    assert (await running.query(person, QUESTION))["application"] is None
