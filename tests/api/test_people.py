"""Users and API tokens: what they open, and that they end."""

from datetime import timedelta

import pytest

from api.access.sign_in import FAILURES_PER_NAME
from api.errors import TooMany, Unauthorized
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


CHANGE = """mutation C($current: String!, $new: String!) {
  changePassword(current: $current, new: $new) { errors { code field } }
}"""


SLOW = pytest.mark.cpu_seconds(30)  # hashing takes long on purpose


@SLOW
async def test_people_change_their_own_password_and_everything_older_ends(
    running: Running, runtime: FakeRuntime
) -> None:
    person = {"name": "mo", "password": "long enough!"}
    assert (await running.query("admin", ADD, input=person))["addPerson"]["errors"] == []

    async def change(current: str, new: str) -> list[str]:
        answer = await running.query("mo", CHANGE, current=current, new=new)
        return [one["field"] for one in answer["changePassword"]["errors"]]

    assert await change("another one", "longer than before") == ["current"]
    assert await change("long enough!", "short") == ["password"]
    assert await change("long enough!", "longer than before") == []
    assert await running.plane.sign_in.recognise(await running.token("mo")) is None
    assert (await running.plane.sign_in.sign_in("mo", "longer than before", address="127.0.0.1")).token


@SLOW
async def test_who_holds_a_session_may_not_guess_the_password_on_and_on(running: Running, runtime: FakeRuntime) -> None:
    sign_in = running.plane.sign_in
    for _ in range(FAILURES_PER_NAME):
        with pytest.raises(Unauthorized):
            await sign_in.confirm_password("reader", "a guess")
    with pytest.raises(TooMany):
        await sign_in.confirm_password("reader", "a guess")


async def test_a_token_has_an_end(running: Running, runtime: FakeRuntime) -> None:
    await running.query("reader", CREATE, name="ci", days=1)
    async with running.plane.database.read() as session:
        (token,) = await person_store.tokens(session)
    assert token.expires is not None
    assert timedelta(hours=23) < token.expires - running.plane.clock() < timedelta(hours=25)
