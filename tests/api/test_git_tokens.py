"""Git tokens through the API: handed to the runtime, never shown, and what they allow counts at once."""

import asyncio

from click.testing import CliRunner

from api.cli.main import main
from model.link import AnswerBody, Refusal, RequestBody
from model.link_access import GitTokenInfo, GitTokensAnswer, ListGitTokens, PutGitToken, RemoveGitToken
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

CANARY = "canary-4711"
ADD = """mutation ($token: String!) {
  addGitToken(input: {runtime: "demo", url: "https://git.example.test", token: $token}) {
    tokens { id runtime url username status message } errors { code field message }
} }"""
INFO = GitTokenInfo("git-token-1", "https://git.example.test", "stranger", "VALID", "account stranger")


async def test_a_token_goes_to_the_runtime_and_opens_what_git_allows(running: Running, runtime: FakeRuntime) -> None:
    names = "{ applications { nodes { metadata { name } } } }"
    assert (await running.query("stranger", names))["applications"]["nodes"] == []

    def put(body: RequestBody) -> AnswerBody:
        runtime.rights["stranger"] = {"*": (True, False)}
        return GitTokensAnswer((INFO,))

    runtime.answers[PutGitToken] = put
    answer = await running.post("stranger", ADD, token=CANARY)
    assert CANARY not in answer.text
    assert answer.json()["data"]["addGitToken"]["tokens"] == [
        {
            "id": "git-token-1",
            "runtime": "demo",
            "url": "https://git.example.test",
            "username": "stranger",
            "status": "VALID",
            "message": "account stranger",
        }
    ]
    (asked,) = [body for body in runtime.requests if isinstance(body, PutGitToken)]
    assert (asked.person, asked.token) == ("stranger", CANARY)
    assert CANARY not in repr(asked)
    assert (await running.query("stranger", names))["applications"]["nodes"] != []


async def test_a_refused_token_is_told_with_its_field(running: Running, runtime: FakeRuntime) -> None:
    runtime.answers[PutGitToken] = lambda body: Refusal("VALIDATION_ERROR", "it does not accept it", field="token")
    found = await running.query("writer", ADD, token=CANARY)
    assert found["addGitToken"]["errors"] == [
        {"code": "VALIDATION_ERROR", "field": "token", "message": "it does not accept it"}
    ]
    found = await running.query("writer", ADD, token="  ")
    assert found["addGitToken"]["errors"][0]["field"] == "token"


async def test_the_command_line_reads_the_token_from_its_input(running: Running, runtime: FakeRuntime) -> None:
    runtime.answers[PutGitToken] = lambda body: GitTokensAnswer((INFO,))
    runtime.answers[ListGitTokens] = lambda body: GitTokensAnswer((INFO,))
    runtime.answers[RemoveGitToken] = lambda body: GitTokensAnswer(())
    server = ["git-token", "--server", running.address, "--token", await running.token("writer")]

    async def argosy(*words: str, given: str = "") -> str:
        ended = await asyncio.to_thread(CliRunner().invoke, main, [*server, *words], input=given)
        assert ended.exit_code == 0, ended.output
        return ended.output

    assert "VALID" in await argosy("add", "demo", "https://git.example.test", given=f"{CANARY}\n")
    assert "git-token-1" in await argosy("list", "demo")
    assert "none" in await argosy("remove", "demo", "git-token-1")
    (asked,) = [body for body in runtime.requests if isinstance(body, PutGitToken)]
    assert asked.token == CANARY
