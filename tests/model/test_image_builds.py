"""Builds of images: how images are named, what may be said of a build, and which release one belongs to."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from model.build import (
    KEPT,
    ImageBuild,
    build_deployed,
    checked_duration,
    checked_keys,
    checked_page,
    checked_repository,
    checked_text,
    images_brought,
)
from model.database import Database
from model.errors import InvalidValue
from model.identity import ApplicationId, ResourceKey
from model.image import parse_image
from model.release import Release
from model.report import HealthState, WorkloadState
from model.store import image_build as store

NOW = datetime(2026, 12, 1, tzinfo=UTC)
DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
PLATFORM, ELSEWHERE = ("demo", "https://git.example/platform.git"), ("demo", "https://git.example/else.git")
CART = parse_image("registry.example:5000/shop/cart:1.9")


def built(image: str = "registry.example:5000/shop/cart:1.9", number: int = 1, **fields: object) -> ImageBuild:
    full = str(parse_image(image))
    build = ImageBuild(full, f"https://ci.example/{number}", "robot", NOW - timedelta(hours=number))
    return msgspec.structs.replace(build, **fields)


def released(*images: str, before: tuple[str, ...] = ()) -> Release:
    key = ResourceKey("apps", "Deployment", "shop", "cart")
    return Release(
        ApplicationId("demo", "argosy", "cart"),
        "u",
        1,
        "a" * 40,
        NOW,
        HealthState.HEALTHY,
        PLATFORM[1],
        workloads=(WorkloadState(key, "v1", images),),
        workloads_before=(WorkloadState(key, "v1", before),) if before else (),
    )


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/library/nginx:1", "docker.io/library/nginx:1"),
        ("shop/cart:1.9", "docker.io/shop/cart:1.9"),
        ("localhost/cart", "localhost/cart:latest"),
        ("registry.example:5000/shop/cart", "registry.example:5000/shop/cart:latest"),
        (f"ghcr.io/a/b/c@{DIGEST}", f"ghcr.io/a/b/c@{DIGEST}"),
        (f"ghcr.io/a/b:v1@{DIGEST}", f"ghcr.io/a/b:v1@{DIGEST}"),
    ],
)
def test_an_image_is_one_however_it_is_spelled(text: str, full: str) -> None:
    assert str(parse_image(text)) == full
    assert parse_image(full) == parse_image(text)


@pytest.mark.parametrize("text", ["", ":1", "a b", "cart:", "cart:-", "cart@sha256:1", "CART:1", "a//b:1", "x" * 600])
def test_what_is_no_image_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_image(text)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "mailto:a@example.com",
        "https://",
        "//ci.example/1",
        "https://robot:secret@ci.example/1",
        "https://ci.example/a b",
        "https://[broken/1",
        "https://ci.example/" + "x" * 1000,
    ],
)
def test_a_build_is_linked_by_a_page_alone(url: str) -> None:
    with pytest.raises(InvalidValue):
        checked_page(url)


def test_what_is_said_of_a_build_is_bounded() -> None:
    assert checked_page(" https://ci.example/1?x=y#z ") == "https://ci.example/1?x=y#z"
    assert checked_keys(["#12", "12", " SHOP-3 ", ""]) == ("12", "SHOP-3")
    assert checked_repository("git@git.example:shop/cart.git") == "git@git.example:shop/cart.git"
    assert checked_duration(None) is None
    for check, given in (
        (checked_text, "two\nlines"),
        (checked_text, "x" * 501),
        (checked_keys, [str(key) for key in range(51)]),
        (checked_repository, "https://robot:secret@git.example/cart.git"),
        (checked_duration, float("nan")),
        (checked_duration, -1.0),
    ):
        with pytest.raises(InvalidValue):
            check(given)  # type: ignore[operator]


def test_a_release_brings_the_images_that_were_not_there_before() -> None:
    found = images_brought(
        released("shop/cart:2", "shop/side:1", "${NOT_AN_IMAGE}", before=("shop/cart:1", "shop/side:1"))
    )
    assert [str(image) for image in found] == ["docker.io/shop/cart:2"]


def test_of_several_builds_of_a_tag_it_is_the_last_before_the_release() -> None:
    builds = {CART.keys[0]: [built(number=3), built(number=1), built(number=2)]}
    assert build_deployed(CART, builds, NOW - timedelta(minutes=90)) == built(number=2)
    assert build_deployed(CART, builds, NOW - timedelta(days=1)) == built(number=3), "told after it began"
    assert build_deployed(CART, {}, NOW) is None


def test_a_digest_is_the_image_whatever_its_tag_is_now() -> None:
    wanted = parse_image(f"registry.example:5000/shop/cart:1.9@{DIGEST}")
    exact, moved, unsaid = built(f"{CART}@{DIGEST}", 3), built(f"{CART}@{OTHER}", 1), built(number=2)
    by_tag, by_digest = wanted.keys[1], wanted.keys[0]
    assert build_deployed(wanted, {by_digest: [exact], by_tag: [exact, moved, unsaid]}, NOW) == exact
    assert build_deployed(wanted, {by_tag: [moved, unsaid]}, NOW) == unsaid
    assert build_deployed(wanted, {by_tag: [moved]}, NOW) is None


async def test_a_build_counts_where_its_reporter_may_write(database: Database) -> None:
    async with database.write() as session:
        await store.put(session, built(), CART, [PLATFORM])
    async with database.read() as session:
        found = await store.of_images(session, CART.keys, [PLATFORM, ELSEWHERE])
        assert await store.of_images(session, CART.keys, [ELSEWHERE]) == {}
    assert found == {PLATFORM: {CART.keys[0]: [built()]}}


async def test_a_build_is_found_by_tag_and_by_digest_and_told_again_replaces_itself(database: Database) -> None:
    image = parse_image(f"{CART}@{DIGEST}")
    again = built(str(image), branch="main")
    async with database.write() as session:
        await store.put(session, built(str(image)), image, [PLATFORM])
        await store.put(session, again, image, [PLATFORM, ELSEWHERE])
    async with database.read() as session:
        found = await store.of_images(session, image.keys, [ELSEWHERE])
    assert found == {ELSEWHERE: {image.keys[0]: [again], image.keys[1]: [again]}}


async def test_old_builds_go_and_no_reporter_fills_the_table(database: Database) -> None:
    old = built(number=9, reported=NOW - KEPT - timedelta(seconds=1))
    async with database.write() as session:
        for build in (old, built(number=1), built(number=2), built(number=3), built(number=4, reporter="other")):
            await store.put(session, build, CART, [PLATFORM])
        await store.drop_old(session, now=NOW, most_of_one=2)
    async with database.read() as session:
        found = await store.of_images(session, CART.keys, [PLATFORM])
    left = [(one.reporter, one.url[-1]) for one in found[PLATFORM][CART.keys[0]]]
    assert left == [("robot", "1"), ("robot", "2"), ("other", "4")]
