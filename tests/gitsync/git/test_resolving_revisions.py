import pytest

from gitsync.git.errors import AddressRefused, RevisionNotFound
from tests.support.git_rig import GitRig


async def test_every_way_to_name_a_commit_leads_to_it(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"a": "1"})
    rig.origin.git("apps", "tag", "-a", "-m", "annotated", "v1", first)
    rig.origin.git("apps", "tag", "light", first)
    second = rig.origin.commit("apps", {"a": "2"})
    url = rig.origin.url("apps")
    expected = {
        "": (second, "HEAD"),
        "HEAD": (second, "HEAD"),
        "main": (second, "refs/heads/main"),
        "refs/heads/main": (second, "refs/heads/main"),
        "v1": (first, "refs/tags/v1"),
        "light": (first, "refs/tags/light"),
        "refs/tags/v1": (first, "refs/tags/v1"),
        first: (first, None),
        first[:10]: (first, None),
    }
    for revision, (commit, ref) in expected.items():
        resolved = await rig.repositories.resolve(url, revision)
        assert (resolved.commit, resolved.ref) == (commit, ref), revision


async def test_a_tag_wins_over_a_branch_of_the_same_name(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"a": "1"})
    rig.origin.commit("apps", {"a": "2"}, branch="both", parent=first)
    rig.origin.git("apps", "tag", "both", first)
    assert (await rig.repositories.resolve(rig.origin.url("apps"), "both")).commit == first


@pytest.mark.parametrize("revision", ["gone", "refs/heads/gone", "abcdef12", "b" * 40])
async def test_what_does_not_exist_is_said_so(rig: GitRig, revision: str) -> None:
    rig.origin.create("apps", {"a": "1"})
    with pytest.raises(RevisionNotFound) as caught:
        await rig.repositories.resolve(rig.origin.url("apps"), revision)
    assert revision in str(caught.value)
    assert caught.value.suggestion


async def test_the_id_of_a_tree_is_no_revision(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    tree = rig.origin.git("apps", "rev-parse", "main^{tree}").strip()
    with pytest.raises(RevisionNotFound):
        await rig.repositories.resolve(rig.origin.url("apps"), tree[:12])


async def test_a_missing_commit_is_looked_for_once_until_refs_move(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    url = rig.origin.url("apps")
    await rig.repositories.resolve(url, "main")
    for _ in range(3):
        with pytest.raises(RevisionNotFound):
            await rig.repositories.resolve(url, "b" * 40)
        asked = rig.origin.requests.total()
    assert rig.origin.requests.total() == asked
    later = rig.origin.commit("apps", {"a": "2"})
    await rig.repositories.resolve(url, "main", fresh=True)
    assert (await rig.repositories.resolve(url, later)).commit == later


async def test_a_thousand_questions_are_one_request(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    url = rig.origin.url("apps")
    for _ in range(1000):
        await rig.repositories.resolve(url, "main")
    # one for the refs; the fetch asks once more and takes one pack
    assert rig.origin.requests.total() <= 4


async def test_a_moved_branch_is_seen_when_asked_anew_and_when_time_has_passed(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    url = rig.origin.url("apps")
    await rig.repositories.resolve(url, "main")
    second = rig.origin.commit("apps", {"a": "2"})
    assert (await rig.repositories.resolve(url, "main", fresh=True)).commit == second
    third = rig.origin.commit("apps", {"a": "3"})
    assert (await rig.repositories.resolve(url, "main")).commit == second
    rig.clock.advance(3 * 3600)
    assert (await rig.repositories.resolve(url, "main")).commit == third


async def test_force_pushes_are_followed_and_the_old_commit_stays_readable(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"a": "1"})
    second = rig.origin.commit("apps", {"a": "2"})
    url = rig.origin.url("apps")
    await rig.repositories.resolve(url, "main")
    other = rig.origin.commit("apps", {"a": "other"}, parent=first)
    assert (await rig.repositories.resolve(url, "main", fresh=True)).commit == other
    assert (await rig.repositories.resolve(url, second)).commit == second


async def test_a_deleted_branch_is_not_found_any_more(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"a": "1"})
    rig.origin.commit("apps", {"a": "2"}, branch="feature", parent=first)
    url = rig.origin.url("apps")
    await rig.repositories.resolve(url, "feature")
    rig.origin.git("apps", "update-ref", "-d", "refs/heads/feature")
    with pytest.raises(RevisionNotFound):
        await rig.repositories.resolve(url, "feature", fresh=True)


async def test_an_empty_repository_has_no_head(rig: GitRig) -> None:
    rig.origin.create("apps")
    with pytest.raises(RevisionNotFound):
        await rig.repositories.resolve(rig.origin.url("apps"), "HEAD")


@pytest.mark.parametrize(
    "url", ["file:///etc", "/etc/passwd", "ext::sh -c id", "git://host/x", "", "http://a b/c", "https://h/x\n"]
)
async def test_addresses_that_reach_elsewhere_are_refused(rig: GitRig, url: str) -> None:
    with pytest.raises(AddressRefused):
        await rig.repositories.resolve(url, "main")


async def test_commit_information_is_that_of_the_commit(rig: GitRig) -> None:
    sha = rig.origin.create("apps")
    sha = rig.origin.commit("apps", {"a": "1"}, message="Say why\n\nand more\n")
    info = await rig.repositories.commit_info(rig.origin.url("apps"), sha)
    assert (info.sha, info.author_name, info.author_email) == (sha, "Ada", "ada@example.org")
    assert info.message == "Say why\n\nand more"
    assert info.date.isoformat() == "2023-11-15T00:14:20+02:00"
