"""The log of repositories: complete, in order, resumable, and the same when it is read again from Git."""

import asyncio

from gitsync.audit.log import NOTES_REF, read_refs
from gitsync.git.refs import RefListing
from tests.support.audit_rig import Reader, audit_log
from tests.support.git_origin import Fault
from tests.support.git_rig import GitRig


def reader(rig: GitRig, *names: str) -> Reader:
    return Reader(audit_log(rig.repositories, [rig.origin.url(name) for name in names or ("apps",)]))


def everything(rig: GitRig, name: str = "apps") -> set[str]:
    return set(rig.origin.git(name, "rev-list", "--branches").split())


async def moved(rig: GitRig, name: str = "apps") -> None:
    """The host was asked again, as after a webhook."""
    rig.repositories.hint([rig.origin.url(name)])
    await rig.repositories._repository(rig.origin.url(name)).refresh()


async def test_every_commit_of_every_branch_is_told_once_and_parents_first(rig: GitRig) -> None:
    root = rig.origin.create("apps", {"a": "1"})
    side = rig.origin.commit("apps", {"b": "1"}, branch="side", parent=root)
    rig.origin.commit("apps", {"c": "1"}, also=side)
    rig.origin.commit("apps", {"d": "1"}, branch="open", parent=root, message="not merged")
    told = reader(rig)
    await told.catch_up()
    assert told.shas == everything(rig)
    order = [sha for _, sha in told.entries]
    for entry in told.entries.values():
        assert all(order.index(parent) < order.index(entry.commit.sha) for parent in entry.parents)


async def test_new_commits_follow_without_reading_the_old_again(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    told = reader(rig)
    await told.catch_up()
    new = rig.origin.commit("apps", {"a": "2", "b/c.yaml": "x"}, message="Change it")
    await moved(rig)
    (batch,) = await told.step(wait_seconds=1)
    (entry,) = batch.entries
    assert (entry.commit.sha, entry.commit.message, entry.files) == (new, "Change it", ("a", "b/c.yaml"))
    assert await told.step() == ()


async def test_a_question_waits_for_news(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    told = reader(rig)
    await told.catch_up()
    asking = asyncio.create_task(told.step(wait_seconds=5))
    new = rig.origin.commit("apps", {"a": "2"})
    await moved(rig)
    (batch,) = await asking
    assert [entry.commit.sha for entry in batch.entries] == [new]


async def test_reading_goes_on_from_any_position_after_a_restart(rig: GitRig) -> None:
    """As a control plane that was killed after each batch, with a runtime that was killed too."""
    root = rig.origin.create("apps", {"a": "1"})
    for number in range(4):
        side = rig.origin.commit("apps", {f"s{number}": "1"}, branch=f"side-{number}", parent=root)
        rig.origin.commit("apps", {f"m{number}": "1"}, also=side)
    told = reader(rig)
    await told.log.read((), wait_seconds=0)
    expected = everything(rig)
    for _ in range(len(expected)):
        told.log.close()
        told.log = audit_log(rig.repositories, [rig.origin.url("apps")], batch_entries=1)
        (batch,) = await told.step(wait_seconds=1)
        assert len(batch.entries) == 1
    assert told.shas == expected
    assert await told.step() == ()


async def test_an_unanswered_batch_comes_again(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    told = reader(rig)
    first = await told.log.read((), wait_seconds=1)
    assert first
    assert await told.log.read((), wait_seconds=1) == first


async def test_the_log_read_again_from_git_is_the_same(rig: GitRig) -> None:
    root = rig.origin.create("apps", {"a": "1"})
    told = reader(rig)
    await told.catch_up()
    gone = rig.origin.commit("apps", {"a": "2"})
    rig.origin.git("apps", "notes", "--ref", NOTES_REF, "add", "-m", "Succeeded", gone)
    await moved(rig)
    await told.catch_up()
    rig.origin.commit("apps", {"a": "3"}, parent=root)  # a force-push over `gone`
    await moved(rig)
    await told.catch_up()
    await rig.repositories.close()
    for mirror in rig.mirrors():
        for path in sorted(mirror.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
    rig.repositories = rig.restarted()
    again = reader(rig)
    await again.catch_up()
    assert again.entries == told.entries
    assert again.shas == everything(rig)
    assert gone not in again.shas


async def test_a_force_push_takes_what_it_overwrote_and_keeps_the_rest(rig: GitRig) -> None:
    root = rig.origin.create("apps", {"a": "1"})
    overwritten = rig.origin.commit("apps", {"a": "2"})
    told = reader(rig)
    await told.catch_up()
    assert overwritten in told.shas
    new = rig.origin.commit("apps", {"a": "3"}, parent=root)
    await moved(rig)
    (batch,) = await told.step(wait_seconds=1)
    assert (batch.removed, [entry.commit.sha for entry in batch.entries], batch.anew) == ((overwritten,), [new], False)
    assert told.shas == {root, new}


async def test_outcomes_come_with_their_notes_now_and_later(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    early = rig.origin.commit("apps", {"a": "2"})
    rig.origin.git("apps", "notes", "--ref", NOTES_REF, "add", "-m", '{"phase":"Failed","message":"no quota"}', early)
    told = reader(rig)
    await told.catch_up()
    assert told.outcomes[early] == "Failed: no quota"
    late = rig.origin.commit("apps", {"a": "3"})
    await moved(rig)
    await told.catch_up()
    assert told.outcomes[late] == ""
    rig.origin.git("apps", "notes", "--ref", NOTES_REF, "add", "-m", "Succeeded", late)
    await moved(rig)
    (batch,) = await told.step(wait_seconds=1)
    assert batch.outcomes == ((late, "Succeeded"),)
    assert await told.step() == ()


async def test_a_repository_that_hangs_holds_up_no_other(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    rig.origin.create("stuck", {"a": "1"})
    told = reader(rig, "apps", "stuck")
    await rig.repositories.resolve(rig.origin.url("apps"), "main")
    rig.origin.fault = Fault(half_open=True)
    await told.step(wait_seconds=1)
    assert {repo for repo, _ in told.entries} == {rig.origin.url("apps")}


async def test_commits_that_no_text_editor_would_write_are_told_all_the_same(rig: GitRig) -> None:
    head = rig.origin.create("apps", {"a": "1"})
    tree = rig.origin.git("apps", "rev-parse", f"{head}^{{tree}}").strip()
    raw = (
        f"tree {tree}\nparent {head}\n".encode()
        + b"author \xff\xfe <x> 99999999999999 +0000\ncommitter  <> 1 -0000\n\n\xff\xfe\x01\n"
    )
    odd = rig.origin.git("apps", "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=raw).strip()
    rig.origin.git("apps", "update-ref", "refs/heads/main", odd)
    told = reader(rig)
    await told.catch_up()
    assert told.shas == {head, odd}


def test_of_very_many_branches_only_the_default_one_and_our_own_are_read() -> None:
    refs = {f"refs/heads/b{number}": "1" for number in range(600)}
    refs |= {"refs/heads/main": "2", "refs/heads/argosy/edit-cart": "3", "refs/tags/v1": "4", NOTES_REF: "5"}
    assert read_refs(RefListing(refs, "refs/heads/main")) == {
        "refs/heads/main": "2",
        "refs/heads/argosy/edit-cart": "3",
        NOTES_REF: "5",
    }
