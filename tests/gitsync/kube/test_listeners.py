"""Who hears of which object, and that others cost nothing."""

from gitsync.kube.index import LiveEvent
from gitsync.kube.listeners import Listeners
from gitsync.manifest.object import LiveObject
from model.identity import ResourceKey

A, B = (ResourceKey("", "ConfigMap", "shop", name) for name in "ab")


def event(key: ResourceKey) -> LiveEvent:
    return LiveEvent(old=None, new=LiveObject(key, "v1", "uid", "1"), roots=())


def test_who_listens_to_some_objects_hears_of_these_only_and_after_those_who_hear_all() -> None:
    listeners, heard = Listeners(), list[str]()
    listeners.add_to({A}, lambda _: heard.append("a"))
    listeners.add(lambda _: heard.append("all"))
    listeners.tell(event(A))
    listeners.tell(event(B))
    assert heard == ["all", "a", "all"]


def test_who_has_ended_hears_nothing_more() -> None:
    listeners, heard = Listeners(), list[str]()
    ends = [listeners.add(lambda _: heard.append("all")), listeners.add_to({A, B}, lambda _: heard.append("some"))]
    listeners.add_to({A}, lambda _: heard.append("other"))
    for end in ends:
        end()
        end()
    listeners.tell(event(A))
    assert heard == ["other"]


def test_who_ends_while_an_event_is_told_stops_nobody_else() -> None:
    listeners, heard = Listeners(), list[str]()

    def once(_: LiveEvent) -> None:
        heard.append("once")
        end()

    end = listeners.add_to({A}, once)
    listeners.add_to({A}, lambda _: heard.append("stays"))
    listeners.tell(event(A))
    listeners.tell(event(A))
    assert heard == ["once", "stays", "stays"]
