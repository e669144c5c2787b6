"""Which ServiceAccount acts for an application, as its project names it."""

from typing import Any

import pytest

from gitsync.project.service_accounts import NoServiceAccount, acting_user
from model.kinds.application import Application, ApplicationSpec, Destination
from model.kinds.meta import ObjectMeta

SERVER = "https://far.example.com:6443"


def user(*entries: dict[str, Any], namespace: str = "shop") -> str:
    destination = Destination(server=SERVER, namespace=namespace)
    application = Application(ObjectMeta(name="web", namespace="argosy"), ApplicationSpec(destination))
    project = {"metadata": {"name": "team"}, "spec": {"destinationServiceAccounts": list(entries)}}
    return acting_user(project, application, destination)


def entry(account: str, server: str = "*", namespace: str = "*") -> dict[str, Any]:
    return {"server": server, "namespace": namespace, "defaultServiceAccount": account}


def test_the_first_entry_that_fits_decides() -> None:
    entries = (entry("a", "https://near*"), entry("b", namespace="other"), entry("c", SERVER, "sh*"), entry("d"))
    assert user(*entries) == "system:serviceaccount:shop:c"


def test_an_account_may_name_its_own_namespace() -> None:
    assert user(entry("platform:deployer")) == "system:serviceaccount:platform:deployer"


def test_without_a_destination_namespace_it_is_one_beside_the_application() -> None:
    assert user(entry("deployer"), namespace="") == "system:serviceaccount:argosy:deployer"


@pytest.mark.parametrize("account", ["", " ", "*", "!a", "a/b", "{a}", "a b", "[a]", "a\\b"])
def test_what_cannot_be_an_account_is_refused(account: str) -> None:
    with pytest.raises(NoServiceAccount, match="no name of a service account"):
        user(entry(account))


def test_where_none_fits_nobody_acts() -> None:
    with pytest.raises(NoServiceAccount, match='namespace "shop" in project "team"'):
        user(entry("a", namespace="other"))
