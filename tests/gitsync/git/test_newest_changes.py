from gitsync.git.closure import Closure, ClosureEntry, EntryKind, tree_closure
from gitsync.git.history import HistoryBudget
from gitsync.git.tree import Files
from model.identity import ApplicationKey
from tests.support.git_rig import GitRig


def key(name: str) -> ApplicationKey:
    return ApplicationKey("argosy", name)


async def closures_at(rig: GitRig, commit: str, names: list[str]) -> dict[ApplicationKey, Closure]:
    reader = await rig.repositories.tree(rig.origin.url("apps"), commit)

    def read(files: Files) -> dict[ApplicationKey, Closure]:
        return {key(name): tree_closure(files, name) for name in names}

    return await reader.run(read)


async def test_each_application_gets_the_commit_that_last_touched_it(rig: GitRig) -> None:
    root = rig.origin.create("apps", {"a/x": "1", "b/x": "1", "c/x": "1"})
    touched_a = rig.origin.commit("apps", {"a/x": "2"})
    touched_b = rig.origin.commit("apps", {"b/x": "2", "b/y": "1"})
    head = rig.origin.commit("apps", {"README": "1"})
    closures = await closures_at(rig, head, ["a", "b", "c"])
    found = await rig.repositories.newest_changes(rig.origin.url("apps"), head, closures)
    assert found == {key("a"): touched_a, key("b"): touched_b, key("c"): root}


async def test_merges_are_followed_as_git_log_follows_them(rig: GitRig) -> None:
    root = rig.origin.create("apps", {"a/x": "1", "b/x": "1", "c/x": "1"})
    on_main = rig.origin.commit("apps", {"b/x": "main"})
    on_side = rig.origin.commit("apps", {"a/x": "side"}, branch="side", parent=root)
    merge = rig.origin.commit("apps", {"a/x": "side", "c/x": "evil"}, also=on_side)
    head = rig.origin.commit("apps", {"README": "1"})
    closures = await closures_at(rig, head, ["a", "b", "c"])
    found = await rig.repositories.newest_changes(rig.origin.url("apps"), head, closures)
    assert found == {key("a"): on_side, key("b"): on_main, key("c"): merge}
    for name in "abc":
        assert found[key(name)] == rig.origin.git("apps", "log", "-1", "--format=%H", "main", "--", name).strip()


async def test_a_later_walk_ends_where_the_earlier_began(rig: GitRig) -> None:
    root = rig.origin.create("apps", {"a/x": "1", "b/x": "1"})
    for content in range(5):
        head = rig.origin.commit("apps", {"README": str(content)})
    url = rig.origin.url("apps")
    first = await rig.repositories.newest_changes(url, head, await closures_at(rig, head, ["a", "b"]))
    assert first == {key("a"): root, key("b"): root}
    later = rig.origin.commit("apps", {"a/x": "2"})
    await rig.repositories.resolve(url, "main", fresh=True)
    second = await rig.repositories.newest_changes(
        url, later, await closures_at(rig, later, ["a", "b"]), budget=HistoryBudget(max_commits=2)
    )
    assert second == {key("a"): later, key("b"): root}  # five commits back, and two were allowed


async def test_who_reads_something_new_is_looked_for_anew(rig: GitRig) -> None:
    root = rig.origin.create("apps", {"a/x": "1", "lib/x": "1"})
    touched = rig.origin.commit("apps", {"lib/x": "2"})
    head = rig.origin.commit("apps", {"README": "1"})
    url = rig.origin.url("apps")
    own = Closure((ClosureEntry(EntryKind.BLOB, "a/x", ""),))
    both = Closure((ClosureEntry(EntryKind.BLOB, "a/x", ""), ClosureEntry(EntryKind.BLOB, "lib/x", "")))
    assert await rig.repositories.newest_changes(url, head, {key("a"): own}) == {key("a"): root}
    assert await rig.repositories.newest_changes(url, head, {key("a"): both}) == {key("a"): touched}


async def test_what_lies_beyond_the_budget_is_left_out(rig: GitRig) -> None:
    rig.origin.create("apps", {"a/x": "1", "b/x": "1"})
    touched = rig.origin.commit("apps", {"a/x": "2"})
    head = rig.origin.commit("apps", {"README": "1"})
    closures = await closures_at(rig, head, ["a", "b"])
    found = await rig.repositories.newest_changes(
        rig.origin.url("apps"), head, closures, budget=HistoryBudget(max_commits=2, slice_seconds=0.0001)
    )
    assert found == {key("a"): touched}


async def test_after_a_force_push_the_new_history_counts(rig: GitRig) -> None:
    root = rig.origin.create("apps", {"a/x": "1"})
    head = rig.origin.commit("apps", {"a/x": "2"})
    url = rig.origin.url("apps")
    assert await rig.repositories.newest_changes(url, head, await closures_at(rig, head, ["a"])) == {key("a"): head}
    other = rig.origin.commit("apps", {"README": "1"}, parent=root)
    await rig.repositories.resolve(url, "main", fresh=True)
    assert await rig.repositories.newest_changes(url, other, await closures_at(rig, other, ["a"])) == {key("a"): root}
