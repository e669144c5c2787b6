"""The index of applications: who deploys where, who wants what, and what an unreadable object still tells."""

from typing import Any

from gitsync.application.record import Desired, Record, Records, Stage, read_application, why_unreadable
from gitsync.application.refresh import Refresh
from gitsync.manifest.object import DesiredObject, Origin
from model.health import Health, Sync
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import ApplicationCondition

SERVER = "https://kubernetes.default.svc"
CONFIG = ResourceKey("", "ConfigMap", "default", "shared")


def raw(name: str, **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "argosy"}, "spec": {"project": "default"}, **fields}


def add(records: Records, name: str) -> Record:
    body = raw(name)
    return records.add(body, read_application(body))


def wants(*keys: ResourceKey) -> Desired:
    objects = {key: DesiredObject(key, "v1", {"metadata": {}}, "d", Origin("a.yaml", 1)) for key in keys}
    return Desired("head", "Directory", objects)


def test_an_object_is_claimed_by_all_who_want_it_and_by_nobody_else() -> None:
    records = Records("argosy")
    one, two = add(records, "one"), add(records, "two")
    for record in (one, two):
        records.place(record, SERVER)
        records.want(record, wants(CONFIG))
    assert set(records.claimants(SERVER, CONFIG)) == {one.key, two.key}
    records.want(one, wants())
    assert set(records.claimants(SERVER, CONFIG)) == {two.key}
    records.remove(two.key)
    assert not records.claimants(SERVER, CONFIG)


def test_moving_to_another_cluster_forgets_what_was_known_of_the_first() -> None:
    records = Records("argosy")
    record = add(records, "one")
    records.place(record, SERVER)
    records.want(record, wants(CONFIG))
    record.compared = True
    records.place(record, "https://far.example.com")
    assert record.desired is None
    assert not record.compared
    assert not records.claimants(SERVER, CONFIG)
    assert records.of_server(SERVER) == ()


def test_tracking_names_lead_to_their_application() -> None:
    records = Records("argosy")
    record = add(records, "one")
    assert records.of_instance("one") is record
    assert records.of_instance("argosy_one") is None


def test_an_error_of_the_comparison_is_unknown_and_one_of_the_spec_is_unknown_health_too() -> None:
    record = add(Records("argosy"), "one")
    assert record.sync is Sync.UNKNOWN, "nothing was compared yet"
    record.compared = True
    assert (record.sync, record.health) == (Sync.SYNCED, Health.HEALTHY)
    record.conditions[Stage.SOURCE] = (ApplicationCondition("ComparisonError", "no such path"),)
    assert (record.sync, record.health) == (Sync.UNKNOWN, Health.HEALTHY)
    record.conditions[Stage.SPEC] = (ApplicationCondition("InvalidSpecError", "no such project"),)
    assert record.health is Health.UNKNOWN


def test_a_warning_is_no_error() -> None:
    record = add(Records("argosy"), "one")
    record.compared = True
    record.conditions[Stage.MANIFESTS] = (ApplicationCondition("RepeatedResourceWarning", "twice"),)
    assert record.sync is Sync.SYNCED


def test_the_widest_wish_wins() -> None:
    record = add(Records("argosy"), "one")
    for wish in (Refresh.COMPARE, Refresh.HARD, Refresh.RESOLVE):
        record.wish(wish)
    assert record.refresh is Refresh.HARD


def test_a_garbled_status_hides_nothing_of_the_spec() -> None:
    application = read_application(raw("one", status={"history": "garbled"}))
    assert application.spec.project == "default"


def test_a_spec_of_the_wrong_shape_still_has_a_name_and_a_reason() -> None:
    body = raw("one") | {"spec": {"source": {"repoURL": ["not", "text"]}}}
    application = read_application(body)
    assert ApplicationKey(application.metadata.namespace, application.metadata.name) == ApplicationKey("argosy", "one")
    assert "repoURL" in why_unreadable(body)
    assert why_unreadable(raw("one")) == ""
