"""Signing in and out, the cookie, tokens, and the limit on failures."""

import secrets
from datetime import timedelta

import httpx
import pytest

from api.access.secret_token import API, hash_token, new_token
from api.access.sign_in import FAILURES_PER_NAME
from model.store import person as person_store
from tests.support.control_plane import PASSWORD, Running

ME = {"query": "{ me { name isAdmin } }"}


def client(running: Running, **options: object) -> httpx.AsyncClient:
    return running.http(**options)  # type: ignore[arg-type]


async def login(browser: httpx.AsyncClient, name: str = "writer", password: str = PASSWORD) -> httpx.Response:
    return await browser.post("/auth/login", json={"username": name, "password": password})


async def test_signing_in_gives_a_cookie_and_a_token_and_signing_out_ends_both(running: Running) -> None:
    async with client(running) as browser:
        answer = await login(browser)
        assert answer.status_code == 200
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        token = answer.json()["token"]
        assert (await browser.post("/graphql", json=ME)).json()["data"]["me"] == {"name": "writer", "isAdmin": False}
        for header in (f"Bearer {token}", token):
            async with client(running, headers={"authorization": header}) as program:
                assert (await program.post("/graphql", json=ME)).json()["data"]["me"]["name"] == "writer"
        assert (await browser.post("/auth/logout")).status_code == 204
    async with client(running, headers={"authorization": f"Bearer {token}"}) as program:
        assert (await program.post("/graphql", json=ME)).json()["data"]["me"] is None


@pytest.mark.parametrize(("name", "password"), [("writer", "wrong"), ("nobody", PASSWORD), ("", ""), ("x" * 500, "y")])
async def test_a_failed_sign_in_says_nothing_about_who_exists(name: str, password: str, running: Running) -> None:
    async with client(running) as browser:
        answer = await login(browser, name, password)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "the name or the password is wrong"
    assert "set-cookie" not in answer.headers


async def test_other_sites_and_plain_forms_cannot_sign_in(running: Running) -> None:
    async with client(running) as browser:
        form = await browser.post("/auth/login", data={"username": "writer", "password": PASSWORD})
        body = {"username": "writer", "password": PASSWORD}
        foreign = await browser.post("/auth/login", json=body, headers={"origin": "https://evil.example"})
    assert form.status_code == 422
    assert foreign.status_code == 403


async def test_too_many_failures_are_refused_until_the_window_is_over(running: Running) -> None:
    from api.access.sign_in import FAILURE_WINDOW, _digest

    subject = _digest("127.0.0.1", "writer")
    async with running.plane.database.write() as session:
        for _ in range(FAILURES_PER_NAME):
            await person_store.note_failure(session, subject, running.plane.clock(), FAILURE_WINDOW)
    async with client(running) as browser:
        refused = await login(browser)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= FAILURE_WINDOW.total_seconds() + 1
        assert (await login(browser, "reader")).status_code == 200
    async with running.plane.database.read() as session:
        later = running.plane.clock() + FAILURE_WINDOW
        assert await person_store.failures(session, subject, later) == (0, None)


async def test_an_api_token_works_until_it_is_revoked(running: Running) -> None:
    token, now = new_token(API), running.plane.clock()
    async with running.plane.database.write() as session:
        person = await person_store.get(session, "reader")
        assert person is not None
        await person_store.add_token(
            session,
            person,
            token_id=secrets.token_hex(4),
            name="ci",
            token_hash=hash_token(token),
            now=now,
            expires=now + timedelta(days=1),
        )
    async with client(running, headers={"authorization": token}) as program:
        assert (await program.post("/graphql", json=ME)).json()["data"]["me"]["name"] == "reader"
        async with running.plane.database.write() as session:
            (kept,) = await person_store.tokens(session)
            assert await person_store.revoke_token(session, kept.id)
        assert (await program.post("/graphql", json=ME)).json()["data"]["me"] is None


async def test_a_socket_may_say_who_it_is_when_it_opens(running: Running) -> None:
    token = await running.token("writer")
    async with running.socket({}) as socket:
        await socket.send('{"type":"connection_init","payload":{"Authorization":"Bearer ' + token + '"}}')
        assert "connection_ack" in str(await socket.recv())
        await socket.send('{"id":"1","type":"subscribe","payload":{"query":"{ me { name } }"}}')
        assert '"name":"writer"' in str(await socket.recv())


async def test_a_socket_with_a_bad_token_is_closed(running: Running) -> None:
    from websockets.exceptions import ConnectionClosed

    async with running.socket({}) as socket:
        await socket.send('{"type":"connection_init","payload":{"authorization":"nope"}}')
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
