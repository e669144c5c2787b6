"""The charts in `deploy/`: what they render is what the command line prints, and bad values are named."""

import json
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.installation.build import FOLDER, definition_files
from api.installation.runtime import RuntimeInstallation, runtime_objects
from tests.support.yaml_text import read_all_yaml, read_yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CHARTS = ("argosy", "argosy-runtime")
HOOK = "helm.sh/hook"
LINK = "wss://argosy.example.com/link"
KUBERNETES = "v1.33.0"
HELM = shutil.which("helm")
needs_helm = [pytest.mark.skipif(HELM is None, reason="helm is not on PATH"), pytest.mark.cpu_seconds(30)]


def _helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert HELM is not None
    return subprocess.run([HELM, *arguments], capture_output=True, text=True, check=False)


def _rendered(chart: str, *values: str) -> list[dict[str, Any]]:
    flags = [flag for value in values for flag in ("--set", value)]
    done = _helm(
        "template", "release", str(DEPLOY / chart), "--kube-version", KUBERNETES, "--namespace", "argosy", *flags
    )
    assert done.returncode == 0, done.stderr
    return [body for body in read_all_yaml(done.stdout) if body]


def _installed(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what only checks before the installation."""
    return [body for body in objects if HOOK not in (body["metadata"].get("annotations") or {})]


def _by_kind(objects: Any) -> dict[str, dict[str, Any]]:
    return {body["kind"]: body for body in objects}


@pytest.mark.parametrize("chart", CHARTS)
def test_chart_image_and_program_have_one_version(chart: str) -> None:
    told = read_yaml((DEPLOY / chart / "Chart.yaml").read_text())
    assert (told["version"], told["appVersion"]) == (version("argosy"), version("argosy"))


def test_definitions_in_the_chart_are_those_of_the_program() -> None:
    there = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert there == definition_files(), "run: python -m api.installation.build"


@pytest.mark.parametrize("chart", CHARTS)
def test_every_value_is_in_the_schema(chart: str) -> None:
    values = read_yaml((DEPLOY / chart / "values.yaml").read_text())
    schema = json.loads((DEPLOY / chart / "values.schema.json").read_text())
    assert _unknown(values, schema) == []


def _unknown(values: dict[str, Any], schema: dict[str, Any], place: str = "") -> list[str]:
    found = []
    for key, value in values.items():
        part = schema.get("properties", {}).get(key)
        if part is None:
            found.append(f"{place}{key}")
        elif isinstance(value, dict) and "properties" in part:
            found += _unknown(value, part, f"{place}{key}.")
    return found


class TestRendered:
    pytestmark = needs_helm

    @pytest.mark.parametrize("extra", [(), ("networkPolicy.enabled=true", "configRepo=https://git.example.com/c.git")])
    def test_the_chart_of_a_runtime_says_what_the_command_prints(self, extra: tuple[str, ...]) -> None:
        number = version("argosy")
        wanted = RuntimeInstallation(
            name="eu-1",
            link_url=LINK,
            image=f"argosy:{number}",
            version=number,
            token="argr_secret",
            config_repo="https://git.example.com/c.git" if extra else "",
            network_policy=bool(extra),
        )
        rendered = _rendered("argosy-runtime", "name=eu-1", f"link.url={LINK}", "link.token=argr_secret", *extra)
        assert _by_kind(_installed(rendered)) == _by_kind(runtime_objects(wanted))

    def test_without_a_token_the_secret_is_left_alone(self) -> None:
        kinds = {body["kind"] for body in _installed(_rendered("argosy-runtime", "name=eu-1", f"link.url={LINK}"))}
        assert kinds == {"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Deployment"}

    def test_values_are_tried_in_the_cluster_before_anything_is_made_unless_that_is_skipped(self) -> None:
        given = ("name=eu-1", f"link.url={LINK}", "link.token=argr_secret")
        made = [body for body in _rendered("argosy-runtime", *given) if body not in _installed([body])]
        job = _by_kind(made)["Job"]
        assert {body["kind"] for body in made} == {"Job", "Secret"}
        assert {body["metadata"]["annotations"][HOOK] for body in made} == {"pre-install"}
        pod = job["spec"]["template"]["spec"]
        words = pod["containers"][0]["args"]
        assert words == ["runtime", "check", "eu-1", f"--link={LINK}", "--token-file=/etc/argosy/link/token"]
        assert pod["volumes"][0]["secret"]["secretName"] == "argosy-runtime-check"
        assert "argr_secret" not in yaml.safe_dump(job)
        skipped = _rendered("argosy-runtime", *given, "check.enabled=false")
        assert skipped == _installed(skipped)

    def test_a_git_credential_is_tried_by_the_name_of_its_secret(self) -> None:
        given = ("name=eu-1", f"link.url={LINK}", "configRepo=https://git.test/c.git", "check.gitCredential=git")
        job = _by_kind(_rendered("argosy-runtime", *given))["Job"]
        container = job["spec"]["template"]["spec"]["containers"][0]
        assert "--config-repo=https://git.test/c.git" in container["args"]
        told = {one["name"]: one.get("valueFrom") for one in container["env"]}
        assert told["ARGOSY_GIT_PASSWORD"] == {"secretKeyRef": {"name": "git", "key": "password"}}

    @pytest.mark.parametrize(
        ("values", "named"),
        [
            (("name=Eu_1", f"link.url={LINK}"), "name"),
            (("name=eu-1", "link.url=https://argosy.example.com"), "url"),
            (("name=eu-1", f"link.url={LINK}", "engine=flux"), "engine"),
            (("name=eu-1", f"link.url={LINK}", "replicas=2"), "replicas"),
        ],
    )
    def test_values_that_cannot_work_are_refused_by_name(self, values: tuple[str, ...], named: str) -> None:
        flags = [flag for value in values for flag in ("--set", value)]
        done = _helm("template", "release", str(DEPLOY / "argosy-runtime"), "--kube-version", KUBERNETES, *flags)
        assert done.returncode != 0
        assert named in done.stderr

    def test_the_control_plane_runs_as_nobody_and_asks_nothing_of_its_cluster(self) -> None:
        objects = _by_kind(_rendered("argosy", "database.url=postgresql://u:p@db/argosy", "publicUrl=https://a.test"))
        pod = objects["Deployment"]["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
        assert objects["Secret"]["stringData"]["database-url"] == "postgresql://u:p@db/argosy"
        told = {one["name"]: one.get("value") for one in pod["containers"][0]["env"]}
        assert told["ARGOSY_SECURE_COOKIES"] == "true"
        assert "u:p" not in yaml.safe_dump(objects["Deployment"])

    def test_several_replicas_share_a_postgresql_and_know_where_each_of_them_answers(self) -> None:
        objects = _by_kind(_rendered("argosy", "replicas=2", "database.url=postgresql://u:p@db/argosy"))
        deployment = objects["Deployment"]["spec"]
        assert (deployment["replicas"], "strategy" in deployment) == (2, False)
        told = {one["name"]: one.get("value") for one in deployment["template"]["spec"]["containers"][0]["env"]}
        assert told["ARGOSY_REPLICA_URL"] == "http://$(POD_IP):8000"
        assert "PersistentVolumeClaim" not in objects
        done = _helm("template", "release", str(DEPLOY / "argosy"), "--kube-version", KUBERNETES, "--set", "replicas=2")
        assert done.returncode != 0
        assert "PostgreSQL" in done.stderr

    def test_hosted_runtimes_get_an_account_only_when_they_are_wanted(self) -> None:
        assert "ClusterRole" not in _by_kind(_rendered("argosy"))
        objects = _by_kind(_rendered("argosy", "hosted.enabled=true"))
        pod = objects["Deployment"]["spec"]["template"]["spec"]
        assert (pod["automountServiceAccountToken"], pod["serviceAccountName"]) == (True, "argosy")
        told = {one["name"]: one.get("value") for one in pod["containers"][0]["env"]}
        assert told["ARGOSY_HOSTED_KUBECONFIG"] == "in-cluster"
        assert objects["ClusterRoleBinding"]["subjects"][0]["name"] == "argosy"

    @pytest.mark.parametrize("chart", CHARTS)
    def test_helm_finds_nothing_to_say(self, chart: str) -> None:
        flags = ["--set", "name=eu-1", "--set", f"link.url={LINK}"] if chart == "argosy-runtime" else []
        done = _helm("lint", "--strict", str(DEPLOY / chart), *flags)
        assert done.returncode == 0, done.stdout + done.stderr
