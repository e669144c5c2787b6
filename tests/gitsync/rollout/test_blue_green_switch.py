"""A blue-green update through its states: preview, pause, switch, delay, abort, way back."""

from gitsync.rollout.simulated import SimulatedCluster
from tests.support.rollouts import cluster, phase, reasons, rollout, selected, set_image, sizes, status

MANUAL = "blueGreen: {activeService: active, previewService: preview, autoPromotionEnabled: false}"


def _at_pause(strategy: str = MANUAL) -> SimulatedCluster:
    world = cluster(rollout(strategy), "active", "preview")
    world.settle("web")
    reasons(world)
    set_image(world, "web:2")
    world.settle("web")
    return world


def test_first_version_becomes_active_at_once() -> None:
    world = cluster(rollout(MANUAL), "active", "preview")
    world.settle("web")
    hash_ = status(world)["currentPodHash"]
    assert (selected(world, "active"), selected(world, "preview"), status(world)["stableRS"]) == (hash_, hash_, hash_)
    assert phase(world) == ("Healthy", "")


def test_new_version_is_previewed_until_somebody_promotes_it() -> None:
    world = _at_pause()
    assert phase(world) == ("Paused", "BlueGreenPause")
    assert sizes(world) == {1: 4, 2: 4}
    assert selected(world, "preview") == status(world)["currentPodHash"]
    assert selected(world, "active") == status(world)["stableRS"] != status(world)["currentPodHash"]
    world.change("Rollout", "web", {"status": {"pauseConditions": None}})
    assert world.settle("web").requeue_seconds == 30.0
    assert phase(world) == ("Healthy", "")
    assert selected(world, "active") == status(world)["currentPodHash"] == status(world)["stableRS"]
    assert sizes(world) == {1: 4, 2: 4}, "the old pods stay for scaleDownDelaySeconds"
    world.advance(31)
    world.settle("web")
    assert sizes(world) == {1: 0, 2: 4}


def test_automatic_promotion_waits_for_its_seconds() -> None:
    world = _at_pause("blueGreen: {activeService: active, autoPromotionSeconds: 5}")
    assert phase(world) == ("Paused", "BlueGreenPause")
    world.advance(5)
    world.settle("web")
    assert phase(world) == ("Healthy", "")


def test_abort_keeps_active_and_takes_the_preview_down_after_its_delay() -> None:
    world = _at_pause()
    world.change("Rollout", "web", {"status": {"abort": True}})
    world.settle("web")
    assert phase(world)[0] == "Degraded"
    assert selected(world, "active") == status(world)["stableRS"]
    assert sizes(world) == {1: 4, 2: 4}
    world.advance(31)
    world.settle("web")
    assert sizes(world) == {1: 4, 2: 0}


def test_return_within_the_delay_is_switched_without_a_pause() -> None:
    world = _at_pause()
    world.change("Rollout", "web", {"status": {"pauseConditions": None}})
    world.settle("web")
    world.events.clear()
    set_image(world, "web:1")
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert selected(world, "active") == status(world)["currentPodHash"]
    assert any(event.message.endswith(": Fast rollback") for event in world.events)


def test_preview_stays_small_until_it_is_released() -> None:
    world = _at_pause(MANUAL.replace("}", ", previewReplicaCount: 1}"))
    assert sizes(world) == {1: 4, 2: 1}
    assert phase(world) == ("Paused", "BlueGreenPause")
    world.change("Rollout", "web", {"status": {"pauseConditions": None}})
    world.settle("web")
    assert sizes(world) == {1: 4, 2: 4}
    assert phase(world) == ("Healthy", "")


def test_active_switch_waits_for_every_pod() -> None:
    world = cluster(
        rollout("blueGreen: {activeService: active}"),
        "active",
        available=lambda rs: 3 if "web:2" in str(rs) else rs["spec"]["replicas"],
    )
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    assert selected(world, "active") == status(world)["stableRS"] != status(world)["currentPodHash"]
    assert phase(world) == ("Progressing", "active service cutover pending")


def test_retry_within_the_delay_of_an_abort_pauses_again() -> None:
    for seconds in (0, 60):
        world = _at_pause()
        world.change("Rollout", "web", {"status": {"abort": True}})
        world.settle("web")
        world.advance(seconds)
        world.settle("web")
        world.change("Rollout", "web", {"status": {"abort": False}})
        world.settle("web")
        assert phase(world) == ("Paused", "BlueGreenPause"), seconds
