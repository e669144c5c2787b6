"""Projects change when what is scoped to them does, and exactly those that are concerned are told."""

from typing import Any

from gitsync.access.secret import Credential, RepositorySecret
from gitsync.configuration.projects import Projects
from gitsync.project.effective import GlobalProject


def project(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": spec}


def secret(url: str, of: str = "") -> RepositorySecret:
    return RepositorySecret(url, template=False, credential=Credential("a", "b"), project=of)


def cluster(of: str) -> dict[str, Any]:
    return {"metadata": {"name": "c"}, "stringData": {"name": "far", "server": "https://far/", "project": of}}


def followed() -> tuple[Projects, list[str]]:
    projects, told = Projects(), list[str]()
    projects.put("web", project("web", sourceRepos=["https://git.example/web"]))
    projects.put("base", project("base", sourceRepos=["https://git.example/base"]))
    projects.changed = told.append
    return projects, told


def test_a_scoped_repository_is_permitted_to_its_project_and_denied_to_others() -> None:
    projects, told = followed()
    held = projects.permitting
    projects.put_repository("s", secret("https://git.example/x", of="web"))
    assert held["web"]["spec"]["sourceRepos"] == ["https://git.example/web", "https://git.example/x"]
    assert held["base"]["spec"]["sourceRepos"] == ["https://git.example/base", "!https://git.example/x"]
    assert sorted(told) == ["base", "web"]
    projects.put_repository("s", None)
    assert held["web"]["spec"]["sourceRepos"] == ["https://git.example/web"]


def test_secrets_of_everybody_concern_no_project() -> None:
    projects, told = followed()
    projects.put_repository("s", secret("https://git.example/x"))
    projects.put_cluster("c", cluster(""))
    assert told == []


def test_a_scoped_cluster_concerns_its_project_only() -> None:
    projects, told = followed()
    projects.put_cluster("c", cluster("web"))
    assert told == ["web"]
    assert projects.permitting["web"]["spec"]["destinations"] == [{"server": "https://far", "namespace": "*"}]
    projects.put_cluster("c", None)
    assert "destinations" not in projects.permitting["web"]["spec"]


def test_a_global_project_that_changes_concerns_those_that_inherit() -> None:
    projects, told = followed()
    projects.inherit((GlobalProject("base", {}),))
    assert told == ["web"]
    projects.put("base", project("base", sourceRepos=["*"]))
    assert sorted(told) == ["base", "web", "web"]
    assert projects.permitting["web"]["spec"]["sourceRepos"] == ["https://git.example/web", "*"]
    projects.put("web", None)
    assert set(projects.permitting) == {"base"}
