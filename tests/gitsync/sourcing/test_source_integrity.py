"""Commits and tags whose signatures a project demands, signed by the real program."""

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitsync.errors import Waiting
from gitsync.sourcing.integrity import IntegrityFailed, SourceIntegrity
from tests.support.git_rig import GitRig, git_rig
from tests.support.signers import Signers, signers

pytestmark = [
    pytest.mark.cpu_seconds(30),
    pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed"),
]


@dataclass
class Desk:
    rig: GitRig
    people: Signers
    integrity: SourceIntegrity
    keys: dict[str, str] | None

    @property
    def url(self) -> str:
        return self.rig.origin.url("apps")

    async def check(self, mode: str, *trusted: str, revision: str = "main") -> None:
        resolved = await self.rig.repositories.resolve(self.url, revision, fresh=True)
        await self.integrity.require(self.project(mode, *trusted), self.url, resolved)

    async def refusal(self, mode: str, *trusted: str, revision: str = "main") -> str:
        with pytest.raises(IntegrityFailed) as caught:
            await self.check(mode, *trusted, revision=revision)
        assert caught.value.suggestion
        return caught.value.message

    def project(self, mode: str, *trusted: str) -> dict[str, Any]:
        gpg = {"mode": mode, "keys": [self.people.key_id(name) for name in trusted]}
        return {"spec": {"sourceIntegrity": {"git": {"policies": [{"repos": ["*"], "gpg": gpg}]}}}}

    def sign(self, name: str, message: str = "Signed") -> str:
        return self.people.commit(self.rig.origin, "apps", name, message=message)

    def plain(self) -> str:
        return self.rig.origin.commit("apps", {"a.yaml": "changed"})


@pytest.fixture(scope="module")
def people() -> Iterator[Signers]:
    with signers("dana", "mallory") as made:
        yield made


@pytest.fixture
async def desk(tmp_path: Path, people: Signers) -> AsyncIterator[Desk]:
    async with git_rig(tmp_path) as rig:
        rig.origin.create("apps", {"a.yaml": "1"})
        integrity = SourceIntegrity(rig.repositories, keys=lambda: made.keys)
        made = Desk(
            rig, people, integrity, {people.key_id(name): people.public_key(name) for name in ("dana", "mallory")}
        )
        yield made
        integrity.close()


async def test_a_commit_must_be_signed_by_somebody_who_is_trusted(desk: Desk) -> None:
    assert "it is not signed" in await desk.refusal("head", "dana")
    desk.sign("dana")
    await desk.check("head", "dana")
    desk.sign("mallory")
    assert "does not list the key" in await desk.refusal("head", "dana")
    await desk.check("none", "dana")


async def test_a_key_that_is_not_in_the_keyring_is_nobodys(desk: Desk) -> None:
    desk.sign("dana")
    desk.keys = {}
    assert "not among those of argocd-gpg-keys-cm" in await desk.refusal("head", "dana")
    desk.keys = {"dana": desk.people.public_key("dana")}
    await desk.check("head", "dana")


async def test_strict_looks_at_the_commits_before_it_back_to_a_seal(desk: Desk) -> None:
    desk.sign("dana")
    assert "it is not signed" in await desk.refusal("strict", "dana")
    desk.sign("dana", "Review\n\nArgocd-gpg-seal: everything before was reviewed")
    await desk.check("strict", "dana")
    desk.sign("dana")
    await desk.check("strict", "dana")
    unsigned = desk.plain()
    desk.sign("dana")
    assert f"commit {unsigned[:8]}" in await desk.refusal("strict", "dana")
    desk.sign("mallory", "Trust me\n\nArgocd-gpg-seal: all of it")
    assert "does not list the key" in await desk.refusal("strict", "dana")


async def test_a_word_in_the_text_is_no_seal(desk: Desk) -> None:
    desk.sign("dana", "Argocd-gpg-seal: no trailer\n\nSome text")
    assert "it is not signed" in await desk.refusal("strict", "dana")


async def test_of_an_annotated_tag_its_own_signature_counts(desk: Desk) -> None:
    commit = desk.plain()
    desk.people.tag(desk.rig.origin, "apps", "dana", "v1", commit)
    desk.rig.origin.git("apps", "tag", "-a", "-m", "unsigned", "v2", commit)
    desk.rig.origin.git("apps", "tag", "v3", commit)
    await desk.check("head", "dana", revision="v1")
    await desk.check("head", "dana", revision="1.*")
    assert "tag v1" in await desk.refusal("head", "mallory", revision="v1")
    assert "tag v2" in await desk.refusal("head", "dana", revision="v2")
    assert f"commit {commit[:8]}" in await desk.refusal("head", "dana", revision="v3")
    assert f"commit {commit[:8]}" in await desk.refusal("strict", "dana", revision="v1")


async def test_while_keys_are_not_known_nothing_is_decided(desk: Desk) -> None:
    desk.keys = None
    with pytest.raises(Waiting):
        await desk.check("head", "dana")
