"""Users and API tokens: what they open, and that they end."""

from datetime import timedelta

import pytest

from model.store import person as person_store
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

CREATE = """mutation C($name: String!, $days: Int!) {
  createApiToken(name: $name, days: $days) { secret token { id name expires } errors { code field } }
}"""
ADD = "mutation A($input: PersonInput!) { addPerson(input: $input) { errors { code field message } } }"


async def test_an_api_token_opens_what_its_person_sees_until_it_is_revoked(
    running: Running, runtime: FakeRuntime
) -> None:
    made = (await running.query("reader", CREATE, name="ci", days=30))["createApiToken"]

    async def me() -> str | None:
        viewer = await running.plane.sign_in.recognise(made["secret"])
        return viewer.name if viewer else None

    assert await me() == "reader"
    listed = (await running.query("reader", "{ apiTokens { id name } }"))["apiTokens"]
    assert listed == [{"id": made["token"]["id"], "name": "ci"}]
    assert (await running.query("writer", "{ apiTokens { id } }"))["apiTokens"] == []
    revoke = f'mutation {{ revokeApiToken(id: "{made["token"]["id"]}") {{ errors {{ code }} }} }}'
    refused = (await running.query("writer", revoke))["revokeApiToken"]["errors"]
    assert [one["code"] for one in refused] == ["NOT_FOUND_ERROR"]
    assert (await running.query("reader", revoke))["revokeApiToken"]["errors"] == []
    assert await me() is None


@pytest.mark.parametrize(("name", "days", "field"), [("", 30, "name"), ("ci", 0, "days"), ("ci", 4000, "days")])
async def test_tokens_without_a_purpose_or_an_end_are_refused(
    running: Running, runtime: FakeRuntime, name: str, days: int, field: str
) -> None:
    made = (await running.query("reader", CREATE, name=name, days=days))["createApiToken"]
    assert (made["secret"], [one["field"] for one in made["errors"]]) == (None, [field])


async def test_administrators_add_and_remove_people(running: Running, runtime: FakeRuntime) -> None:
    person = {"name": "mo", "password": "long enough!", "email": "mo@example.test"}
    assert (await running.query("admin", ADD, input=person))["addPerson"]["errors"] == []
    again = (await running.query("admin", ADD, input=person))["addPerson"]["errors"]
    assert [one["field"] for one in again] == ["name"]
    weak = (await running.query("admin", ADD, input={**person, "name": "x", "password": "short"}))["addPerson"]
    assert [one["field"] for one in weak["errors"]] == ["password"]
    names = [one["name"] for one in (await running.query("admin", "{ people { name } }"))["people"]]
    assert "mo" in names
    sign_in = await running.plane.sign_in.sign_in("mo", "long enough!", address="127.0.0.1")
    assert await running.plane.sign_in.recognise(sign_in.token) is not None
    removed = await running.query("admin", 'mutation { removePerson(name: "mo") { errors { code } } }')
    assert removed["removePerson"]["errors"] == []
    assert await running.plane.sign_in.recognise(sign_in.token) is None
    own = await running.query("admin", 'mutation { removePerson(name: "admin") { errors { field } } }')
    assert own["removePerson"]["errors"] == [{"field": "name"}]


async def test_a_token_has_an_end(running: Running, runtime: FakeRuntime) -> None:
    await running.query("reader", CREATE, name="ci", days=1)
    async with running.plane.database.read() as session:
        (token,) = await person_store.tokens(session)
    assert token.expires is not None
    assert timedelta(hours=23) < token.expires - running.plane.clock() < timedelta(hours=25)
