"""Sealed tokens open only for whom and for what they were sealed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.access.sealing import Seal, new_key
from gitsync.access.secret import SecretUnreadable

SEAL = Seal(new_key())


@given(st.text(), st.text(), st.text())
def test_what_was_sealed_opens_again_and_shows_nothing(person: str, url: str, token: str) -> None:
    sealed = SEAL.close(person, url, token)
    assert SEAL.open(person, url, sealed) == token
    assert len(token) < 8 or token not in sealed


@pytest.mark.parametrize(("person", "url"), [("eve", "https://git"), ("dana", "https://evil")])
def test_a_sealed_token_is_of_no_use_to_others_or_elsewhere(person: str, url: str) -> None:
    sealed = SEAL.close("dana", "https://git", "secret")
    with pytest.raises(SecretUnreadable) as error:
        SEAL.open(person, url, sealed)
    assert "secret" not in str(error.value)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SecretUnreadable):
        Seal(new_key()).open("dana", "u", SEAL.close("dana", "u", "t"))


def test_a_key_that_is_none_is_told() -> None:
    with pytest.raises(SecretUnreadable):
        Seal("short")
