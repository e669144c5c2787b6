"""What states decide, without a browser."""

import pytest

from web import rows
from web.states.application import Address, address_of
from web.states.runtimes import updated


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/applications/demo/argosy/checkout", Address("demo", "argosy", "checkout")),
        ("/applications/eu%201/argosy/a%2Fb/", Address("eu 1", "argosy", "a/b")),
        ("/applications", None),
        ("/applications/demo/argosy", None),
        ("/runtimes/demo/argosy/checkout", None),
    ],
)
def test_the_page_knows_its_application_from_the_path(path: str, address: Address | None) -> None:
    assert address_of(path) == address


def a_row(name: str, *, live: bool = True) -> rows.RuntimeRow:
    return rows.RuntimeRow(
        id=name,
        name=name,
        status="Live" if live else "Not reachable",
        live=live,
        version="1",
        engine="Argosy",
        place="hosted here",
        sync="Not managed",
        health="HEALTHY",
        message="",
        clusters=1,
        applications=1,
        last_report="",
    )


def test_a_changed_runtime_stays_in_its_place() -> None:
    known = [a_row("a"), a_row("b"), a_row("c")]
    after = updated(known, a_row("b", live=False))
    assert [(row.name, row.live) for row in after] == [("a", True), ("b", False), ("c", True)]
    assert after[0] is known[0]


def test_a_new_runtime_takes_its_place_by_name() -> None:
    assert [row.name for row in updated([a_row("a"), a_row("c")], a_row("b"))] == ["a", "b", "c"]
