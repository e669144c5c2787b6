"""Git tokens of a scripted runtime: kept by person, and refused by the host when they say `refused`."""

from datetime import UTC, datetime

from model.link import RequestBody
from model.link_access import GitTokenInfo, GitTokensAnswer, ListGitTokens, PutGitToken, RemoveGitToken
from tests.support.fake_runtime import Answer


class GitTokens:
    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], GitTokenInfo] = {}

    def answers(self) -> dict[type[RequestBody], Answer]:
        return {ListGitTokens: self.list, PutGitToken: self.put, RemoveGitToken: self.remove}

    def list(self, body: ListGitTokens) -> GitTokensAnswer:
        return GitTokensAnswer(tuple(one for (person, _), one in self._kept.items() if person == body.person))

    def put(self, body: PutGitToken) -> GitTokensAnswer:
        status = "INVALID" if body.token == "refused" else "VALID"
        said = "the host answered 401" if status == "INVALID" else ""
        token = GitTokenInfo(body.url, body.url, body.username or body.person, status, said, datetime.now(UTC))
        self._kept[body.person, body.url] = token
        return self.list(ListGitTokens(body.person))

    def remove(self, body: RemoveGitToken) -> GitTokensAnswer:
        self._kept.pop((body.person, body.id), None)
        return self.list(ListGitTokens(body.person))
