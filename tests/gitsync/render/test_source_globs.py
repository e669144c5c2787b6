import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.render.errors import SourceInvalid
from gitsync.render.glob import compile_glob


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.yaml", "a.yaml", True),
        ("*.yaml", "in/deep/a.yaml", True),
        ("*.yaml", "a.yml", False),
        ("in/*", "in/a/b.yaml", True),
        ("in/*", "inside/a", False),
        ("**/a.yaml", "in/deep/a.yaml", True),
        ("?.yaml", "a.yaml", True),
        ("?.yaml", "ab.yaml", False),
        ("[ab].yaml", "b.yaml", True),
        ("[!ab].yaml", "b.yaml", False),
        ("[a-c]x", "bx", True),
        ("[]]x", "]x", True),
        ("{a,b}.yaml", "b.yaml", True),
        ("{*.yml,*.yaml}", "in/a.yml", True),
        ("{a,{b,c}d}.yaml", "cd.yaml", True),
        ("{a,{b,c}d}.yaml", "c.yaml", False),
        ("a,b", "a,b", True),
        ("\\*", "*", True),
        ("\\*", "x", False),
        ("a*b*c", "aXbYbZc", True),
        ("a*b*c", "ac", False),
        ("*ab", "aab", True),
        ("*", "", True),
        ("", "", True),
        ("a.b", "aXb", False),
    ],
)
def test_globs_match_as_argo_cd_matches(pattern: str, path: str, matches: bool) -> None:
    assert compile_glob(pattern)(path) is matches


@pytest.mark.parametrize("pattern", ["{a", "a}", "[a", "a\\", "[z-a]", "{a,b}" * 20, "x" * 3000])
def test_globs_that_are_none_are_refused(pattern: str) -> None:
    with pytest.raises(SourceInvalid):
        compile_glob(pattern)


def naive(pattern: str, path: str) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "*":
        return any(naive(pattern[1:], path[skip:]) for skip in range(len(path) + 1))
    return bool(path) and pattern[0] in ("?", path[0]) and naive(pattern[1:], path[1:])


@given(st.text("ab*?/", max_size=8), st.text("ab/", max_size=8))
def test_stars_match_whatever_a_naive_search_finds(pattern: str, path: str) -> None:
    assert compile_glob(pattern)(path) == naive(pattern, path)


def test_many_stars_stay_fast() -> None:
    assert not compile_glob("*a" * 200 + "b")("a" * 4000)
