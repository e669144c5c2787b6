"""Which file holds an application, how an edit is carried over to it, and what is wrong with a manifest. Pure."""

import difflib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.changes.application import Holder, Manifest, creation, editing, removal
from gitsync.changes.check import line_of, read_manifest, shape_problems, warnings_of
from gitsync.changes.errors import BadInput, NotInGit
from gitsync.changes.locate import locate
from gitsync.changes.merge import Clash, merged, without_status
from gitsync.git.errors import EditConflict
from gitsync.manifest.edit import read_documents, same
from gitsync.manifest.object import JsonObject
from gitsync.manifest.written import comments_of
from gitsync.manifest.yaml_text import yaml_text
from model.identity import ResourceKey
from model.kinds.application import ApplicationSource, DirectoryOptions
from tests.support.memory_files import MemoryFiles

CART = ResourceKey("argoproj.io", "Application", "argosy", "cart")
SOURCE = ApplicationSource(repo_url="https://git.example.test/platform.git", path="apps")


def app(name: str, **spec: Any) -> str:
    lines = [f"  {key}: {value}\n" for key, value in spec.items()]
    return f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\nspec:\n{''.join(lines)}"


def body_of(text: str) -> JsonObject:
    body: JsonObject = read_documents(text, file="x")[0]
    return body


def changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line[0] + line[2:] for line in lines if line[0] in "+-"]


def never(path: str, blob: str) -> bool:
    return False


def edited(files: MemoryFiles, mine: JsonObject | str, seen: JsonObject, **more: Any) -> str:
    """`mine`: an object as the form has it, or YAML as a person has written it."""
    manifest = read_manifest(mine) if isinstance(mine, str) else Manifest(json.dumps(mine), mine)
    change = editing(
        Holder(SOURCE, CART),
        manifest,
        seen=seen,
        base_blob=more.get("base", ""),
        own=more.get("own", never),
        as_written=more.get("as_written", False),
    )
    ((_, content),) = change(files).items()
    assert content is not None
    return content.decode()


# ---- text as it is written


@pytest.mark.parametrize("before", ["", "# all of them\n" + app("other", a=1) + "--- # the cart\n", "# head\n---\n"])
@pytest.mark.parametrize("after", ["", "\n\n---\n" + app("third", a=1)])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_text_is_kept_as_written_with_its_comments_beside_other_documents(
    before: str, after: str, newline: str
) -> None:
    files = MemoryFiles({"apps/all.yaml": (before + app("cart", a=2) + after).replace("\n", newline)})
    written = "# why\n" + app("cart", a=3).replace("a: 3", "a: 3  # three")
    blob = locate(files, SOURCE, CART).blob
    text = edited(files, written, body_of(written), base=blob, as_written=True)
    assert text == (before + written + after).replace("\n", newline)


def test_a_text_that_began_at_another_file_or_names_another_object_is_not_kept_as_written() -> None:
    files = MemoryFiles({"apps/cart.yaml": "# theirs\n" + app("cart", a=2), "apps/other.yaml": app("other", a=1)})
    other = locate(files, SOURCE, ResourceKey(CART.group, CART.kind, CART.namespace, "other")).blob
    written = "# mine\n" + app("cart", a=3)
    with pytest.raises(EditConflict):
        edited(files, written, body_of(written), base=other, as_written=True)
    blob = locate(files, SOURCE, CART).blob
    owned = written.replace("name: cart", "name: cart\n  uid: '1'")
    assert edited(files, owned, body_of(owned), base=blob, as_written=True) == "# theirs\n" + app("cart", a=3)


@pytest.mark.parametrize("line", ["  name: cart\n  namespace: argosy\n", "  name: cart\n"])
def test_the_line_of_the_namespace_comes_and_goes_as_the_person_writes_it(line: str) -> None:
    there = app("cart", a=2).replace("  name: cart\n", "  name: cart\n  namespace: argosy\n")
    files = MemoryFiles({"apps/cart.yaml": there if "namespace" not in line else app("cart", a=2)})
    written = app("cart", a=2).replace("  name: cart\n", line)
    blob = locate(files, SOURCE, CART).blob
    assert edited(files, written, body_of(written), base=blob, as_written=True) == written


CART_FILE = """# the cart
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: cart}
spec:
  a: 1  # one
  list: [p, q]
  b: 2
"""
OTHER = "\n---\n# the other\n" + app("other", a=1)
WORDS = {
    "a comment is changed": ("# one", "# just one", ["-  a: 1  # one", "+  a: 1  # just one"]),
    "a comment is added": ("  b: 2", "  # why\n  b: 2", ["+  # why"]),
    "a comment is removed": ("# the cart\n", "", ["-# the cart"]),
    "fields change places": (
        "  list: [p, q]\n  b: 2\n",
        "  b: 2\n  list: [p, q]\n",
        ["+  b: 2", "-  b: 2"],
    ),
    "a list is written otherwise": (
        "  list: [p, q]",
        "  list:\n    - p\n    - q",
        ["-  list: [p, q]", "+  list:", "+    - p", "+    - q"],
    ),
    "a value is quoted": ("kind: Application", "kind: 'Application'", ["-kind: Application", "+kind: 'Application'"]),
}
PLACES = {
    "alone": (lambda text: {"apps/cart.yaml": text}, "apps/cart.yaml"),
    "first of two": (lambda text: {"apps/all.yaml": text + OTHER}, "apps/all.yaml"),
    "second of two": (lambda text: {"apps/all.yaml": app("other", a=1) + "--- # next\n" + text}, "apps/all.yaml"),
    "in a base": (
        lambda text: {
            "apps/kustomization.yaml": "resources: [../base]\n",
            "base/kustomization.yaml": "resources: [cart.yaml]\n",
            "base/cart.yaml": text,
        },
        "base/cart.yaml",
    ),
}


@pytest.mark.parametrize("seen_file", [True, False])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("change", WORDS)
def test_yaml_that_changes_no_value_changes_exactly_its_lines(change: str, place: str, seen_file: bool) -> None:
    old, new, lines = WORDS[change]
    files_of, path = PLACES[place]
    files = MemoryFiles(files_of(CART_FILE))
    base = locate(files, SOURCE, CART).blob if seen_file else ""
    text = edited(files, CART_FILE.replace(old, new), body_of(CART_FILE), base=base)
    assert changed_lines(files_of(CART_FILE)[path], text) == lines


@pytest.mark.parametrize("as_written", [True, False])
@pytest.mark.parametrize("shown", [CART_FILE, CART_FILE.rstrip(), "---\n" + CART_FILE])
@pytest.mark.parametrize("place", PLACES)
def test_the_same_text_changes_nothing(place: str, shown: str, as_written: bool) -> None:
    files_of, path = PLACES[place]
    before = files_of(CART_FILE)
    before[path] = before[path].replace(CART_FILE, shown if place == "alone" else CART_FILE)
    files = MemoryFiles(before)
    base = locate(files, SOURCE, CART).blob
    own = shown if place == "alone" else shown.removeprefix("---\n")
    assert edited(files, own, body_of(CART_FILE), base=base, as_written=as_written) == before[path]


def test_an_object_of_the_form_changes_values_only() -> None:
    files = MemoryFiles({"apps/cart.yaml": CART_FILE})
    assert edited(files, body_of(CART_FILE), body_of(CART_FILE)) == CART_FILE
    wanted = {**body_of(CART_FILE), "spec": {"b": 3, "list": ["p", "q"], "a": 1}}
    assert changed_lines(CART_FILE, edited(files, wanted, body_of(CART_FILE))) == ["-  b: 2", "+  b: 3"]


def test_a_value_that_changes_with_a_new_comment_keeps_both_and_without_one_keeps_the_rest_of_the_file() -> None:
    files = MemoryFiles({"apps/cart.yaml": CART_FILE})
    text = edited(files, CART_FILE.replace("b: 2", "b: 3  # three"), body_of(CART_FILE))
    assert changed_lines(CART_FILE, text) == ["-  b: 2", "+  b: 3  # three"]
    anew = yaml_text({**body_of(CART_FILE), "spec": {"list": ["p", "q"], "b": 3, "a": 1}})
    assert changed_lines(CART_FILE, edited(files, anew, body_of(CART_FILE))) == ["-  b: 2", "+  b: 3"]


def test_words_for_a_file_that_has_moved_on_do_not_undo_it() -> None:
    files = MemoryFiles({"apps/cart.yaml": CART_FILE.replace("b: 2", "b: 9  # theirs")})
    text = edited(files, "# mine\n" + CART_FILE, body_of(CART_FILE))
    assert text == CART_FILE.replace("b: 2", "b: 9  # theirs")


def test_comments_for_an_item_of_a_list_say_where_to_change_them() -> None:
    item = app("cart", a=1).replace("\n", "\n    ").rstrip()
    files = MemoryFiles({"apps/list.yaml": f"apiVersion: v1\nkind: List\nitems:\n  - {item}\n"})
    with pytest.raises(BadInput, match=r"apps/list\.yaml") as refused:
        edited(files, "# why\n" + app("cart", a=1), body_of(app("cart", a=1)))
    assert "with Git" in refused.value.suggestion


def test_a_hash_inside_a_value_is_no_comment() -> None:
    text = "# a\nb: 'x # y'  # c\nd: x#y\ne: [1, # f\n 2]\n"
    assert list(comments_of(text)) == ["# a", "# c", "# f"]


# ---- where it stands


def test_a_document_among_others_is_found() -> None:
    files = MemoryFiles({"apps/all.yaml": app("other", a=1) + "---\n" + app("cart", a=2), "apps/no.yaml": "a: ["})
    place = locate(files, SOURCE, CART)
    assert (place.path, place.document, place.body["spec"]) == ("apps/all.yaml", 1, {"a": 2})


def test_an_item_of_a_list_is_found_and_edited_alone() -> None:
    listed = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
        "  - " + app(name, a=1).replace("\n", "\n    ").rstrip() + "\n" for name in ("other", "cart")
    )
    files = MemoryFiles({"apps/list.yaml": listed})
    text = edited(files, body_of(app("cart", a=5)), body_of(app("cart", a=1)))
    assert [line for line in text.splitlines() if line not in listed.splitlines()] == ["      a: 5"]
    left = removal(Holder(SOURCE, CART))(files)["apps/list.yaml"]
    assert left is not None
    assert b"cart" not in left


def test_bases_of_a_kustomization_are_searched_and_prefixes_undone() -> None:
    files = MemoryFiles(
        {
            "apps/kustomization.yaml": "namePrefix: shop-\nresources: [../base]\n",
            "base/kustomization.yaml": "resources:\n  - app.yaml\n",
            "base/app.yaml": app("cart", a=1),
        }
    )
    key = ResourceKey("argoproj.io", "Application", "argosy", "shop-cart")
    assert locate(files, SOURCE, key).path == "base/app.yaml"


def test_what_a_chart_generates_names_the_template_to_edit() -> None:
    files = MemoryFiles(
        {
            "apps/Chart.yaml": "name: apps\n",
            "apps/templates/apps.yaml": "kind: Application\nmetadata: {name: {{ .Values.name }}}\n",
            "apps/templates/other.yaml": "kind: ConfigMap\n",
        }
    )
    with pytest.raises(NotInGit) as refused:
        locate(files, SOURCE, CART)
    assert "apps/templates/apps.yaml" in refused.value.suggestion
    with pytest.raises(NotInGit):
        creation(SOURCE, read_manifest(app("cart")), "")(files)


def test_what_was_removed_in_git_is_not_found() -> None:
    with pytest.raises(NotInGit, match="any more"):
        locate(MemoryFiles({"apps/x.yaml": app("other")}), SOURCE, CART)


# ---- edits


def test_fields_that_were_never_shown_stay() -> None:
    text = app("cart", a=1, hidden="true  # of the file")
    assert "hidden: true  # of the file" in edited(
        MemoryFiles({"apps/c.yaml": text}), body_of(app("cart", a=2)), body_of(app("cart", a=1))
    )


def test_what_the_cluster_added_does_not_get_into_the_file() -> None:
    shown = body_of(app("cart", a=1))
    shown["metadata"] |= {
        "namespace": "argosy",
        "uid": "1",
        "resourceVersion": "2",
        "annotations": {"argocd.argoproj.io/tracking-id": "x"},
    }
    shown["status"] = {"sync": {}}
    mine = {**shown, "spec": {"a": 2}}
    text = edited(MemoryFiles({"apps/c.yaml": app("cart", a=1)}), mine, shown)
    assert text == app("cart", a=2)


def test_somebody_elses_change_of_another_field_is_kept() -> None:
    files = MemoryFiles({"apps/c.yaml": app("cart", a=1, b=9)})
    assert edited(files, body_of(app("cart", a=2, b=1)), body_of(app("cart", a=1, b=1))) == app("cart", a=2, b=9)


def test_two_different_changes_of_one_field_are_a_conflict_with_three_versions() -> None:
    files = MemoryFiles({"apps/c.yaml": app("cart", a=9)})
    with pytest.raises(EditConflict, match=r"spec\.a") as conflict:
        edited(files, body_of(app("cart", a=2)), body_of(app("cart", a=1)))
    assert ["a: 1" in conflict.value.base, "a: 9" in conflict.value.theirs, "a: 2" in conflict.value.mine] == [True] * 3


def test_what_the_person_wrote_a_moment_ago_counts_as_seen() -> None:
    files = MemoryFiles({"apps/c.yaml": app("cart", a=9)})
    text = edited(files, body_of(app("cart", a=1)), body_of(app("cart", a=1)), own=lambda path, blob: True)
    assert text == app("cart", a=1)


@pytest.mark.parametrize(("other", "field"), [("name", "metadata.name"), ("namespace", "metadata.namespace")])
def test_an_edit_cannot_make_it_another_object(other: str, field: str) -> None:
    mine = body_of(app("cart", a=1))
    mine["metadata"][other] = "another"
    with pytest.raises(BadInput) as refused:
        edited(MemoryFiles({"apps/c.yaml": app("cart", a=1)}), mine, body_of(app("cart", a=1)))
    assert refused.value.field == field


# ---- new files


@pytest.mark.parametrize(
    ("options", "name", "field"),
    [
        (None, "a/b.yaml", "fileName"),
        (DirectoryOptions(include="team-*.yaml"), "cart.yaml", "fileName"),
        (DirectoryOptions(exclude="cart*"), "cart.yaml", "fileName"),
        (None, "../cart.yaml", "fileName"),
        (None, "there.yaml", "fileName"),
    ],
)
def test_files_that_would_not_be_read_are_refused(options: DirectoryOptions | None, name: str, field: str) -> None:
    source = ApplicationSource(repo_url=SOURCE.repo_url, path="apps", directory=options)
    with pytest.raises(BadInput) as refused:
        creation(source, read_manifest(app("cart")), name)(MemoryFiles({"apps/there.yaml": "a: 1"}))
    assert refused.value.field == field


def test_a_new_file_is_the_text_that_was_given() -> None:
    text = "# mine\n" + app("cart", a=1).rstrip("\n")
    assert creation(SOURCE, read_manifest(text), "")(MemoryFiles({"x": ""})) == {"apps/cart.yaml": f"{text}\n".encode()}


def test_an_object_becomes_yaml() -> None:
    ((path, content),) = creation(SOURCE, read_manifest('{"metadata": {"name": "cart"}}'), "a")(MemoryFiles({})).items()
    assert (path, content) == ("apps/a.yaml", b"metadata:\n  name: cart\n")


# ---- merging

leaves = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.text("ab", max_size=2))
bodies = st.recursive(
    st.dictionaries(st.sampled_from("abc"), leaves, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | leaves, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(bodies, bodies)
def test_an_edit_of_what_is_there_is_what_was_wanted(file: JsonObject, mine: JsonObject) -> None:
    assert same(merged(file, file, mine), mine)


@settings(max_examples=100, deadline=None)
@given(bodies, bodies)
def test_no_edit_changes_nothing(file: JsonObject, seen: JsonObject) -> None:
    assert same(merged(file, seen, seen), file)


@settings(max_examples=100, deadline=None)
@given(bodies, bodies, bodies)
def test_merging_is_clean_or_a_clash(file: JsonObject, seen: JsonObject, mine: JsonObject) -> None:
    try:
        result = merged(file, seen, mine)
    except Clash:
        return
    for key in {*file, *mine}:
        if key not in result:
            assert key not in file or key not in mine
        elif not isinstance(result[key], dict):
            assert any(key in one and same(one[key], result[key]) for one in (file, mine))


def test_what_people_write_is_kept_and_what_controllers_write_is_not() -> None:
    body = body_of(app("cart", a=1))
    body["metadata"]["annotations"] = {"mine": "yes", "argocd.argoproj.io/refresh": "hard"}
    assert without_status(body)["metadata"]["annotations"] == {"mine": "yes"}


# ---- what is wrong


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ("spec: {}", "spec"),
        ("spec: {source: {repoURL: x, path: a}}", "spec.destination"),
        ("spec: {source: {repoURL: x, path: a}, destination: {server: a, name: b}}", "spec.destination"),
        ("spec: {destination: {name: b}}", "spec.source"),
        ("spec: {destination: {name: b}, source: {path: a}}", "spec.source.repoURL"),
        ("spec: {destination: {name: b}, source: {repoURL: x}}", "spec.source.path"),
        ("spec: {destination: {name: b}, source: {repoURL: x, chart: c, path: a}}", "spec.source.path"),
        ("spec: {destination: {name: b}, source: {repoURL: x, chart: c}}", "spec.source.targetRevision"),
        ("spec: {destination: {name: b}, sources: [{repoURL: x, path: a}, {repoURL: x}]}", "spec.sources[1].path"),
        ("spec: {destination: 1, source: {repoURL: x, path: a}}", "spec.destination"),
    ],
)
def test_what_no_application_may_be_is_told_with_its_field(spec: str, field: str) -> None:
    manifest = read_manifest(f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a}}\n{spec}\n")
    (problem,) = shape_problems(manifest)
    assert (problem.field, problem.line) == (field, 4)


def test_misspelled_fields_are_warned_about() -> None:
    manifest = read_manifest("spec:\n  project: a\n  soruce: {}\n")
    (warning,) = warnings_of(manifest)
    assert (warning.field, warning.line) == ("spec.soruce", 3)


def test_lines_are_those_of_the_innermost_part_that_is_there() -> None:
    text = "a: 1\nspec:\n  sources:\n    - path: x\n    - path: y\n"
    assert [line_of(text, field) for field in ("spec.sources[1].path", "spec.sources[1].chart", "b")] == [5, 5, 1]


@pytest.mark.parametrize("text", ["", "a: 1\n---\nb: 2\n", "- a\n", "a: [\n"])
def test_text_that_is_not_one_object_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_manifest(text)
