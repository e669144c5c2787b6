"""Ways into a cluster: kubeconfig, pod, cluster Secret, programs that hand out credentials. No secret in any text."""

import base64
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitsync.kube.access import (
    ClusterAccess,
    Tls,
    access_from_kubeconfig,
    access_from_secret,
    access_in_cluster,
)
from gitsync.kube.credential import Credential
from gitsync.kube.errors import AccessUnusable

CANARY = "hunter2-canary"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kubeconfig(folder: Path, user: dict[str, Any], **cluster: Any) -> Path:
    path = folder / "config"
    config = {
        "current-context": "main",
        "contexts": [
            {"name": "main", "context": {"cluster": "c", "user": "u"}},
            {"name": "other", "context": {"cluster": "d"}},
        ],
        "clusters": [
            {"name": "c", "cluster": {"server": "https://c.example/", **cluster}},
            {"name": "d", "cluster": {"server": "https://d.example"}},
        ],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(yaml.safe_dump(config))
    return path


async def header(access: ClusterAccess) -> str:
    return await Credential(access, clock=lambda: 0.0).authorization()


async def test_a_kubeconfig_names_server_authority_and_token(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(b"CA")
    path = kubeconfig(tmp_path, {"token": CANARY}, **{"certificate-authority": "ca.pem", "tls-server-name": "k8s"})
    access = access_from_kubeconfig(path)
    assert (access.name, access.server) == ("c", "https://c.example")
    assert access.tls == Tls(ca=b"CA", server_name="k8s")
    assert await header(access) == f"Bearer {CANARY}"


async def test_another_context_can_be_named(tmp_path: Path) -> None:
    access = access_from_kubeconfig(kubeconfig(tmp_path, {}), context="other", name="mine")
    assert (access.name, access.server, await header(access)) == ("mine", "https://d.example", "")


async def test_user_name_and_password_become_basic_authentication(tmp_path: Path) -> None:
    access = access_from_kubeconfig(kubeconfig(tmp_path, {"username": "ann", "password": CANARY}))
    assert await header(access) == f"Basic {encoded(f'ann:{CANARY}')}"


async def test_a_token_file_starts_from_the_folder_of_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{CANARY}\n")
    assert await header(access_from_kubeconfig(kubeconfig(tmp_path, {"tokenFile": "token"}))) == f"Bearer {CANARY}"


def test_certificates_come_as_data_or_file(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(b"KEY")
    user = {"client-certificate-data": encoded("CERT"), "client-key": "key.pem"}
    access = access_from_kubeconfig(kubeconfig(tmp_path, user))
    assert (access.tls.certificate, access.tls.key) == (b"CERT", b"KEY")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("{", "is not YAML"),
        ("{}", "no current-context"),
        ("{current-context: x}", "no context named 'x'"),
        ("{current-context: x, contexts: [{name: x, context: {cluster: y}}]}", "no cluster named 'y'"),
        (
            "{current-context: x, contexts: [{name: x, context: {cluster: y}}], clusters: [{name: y}]}",
            "cluster y has no server",
        ),
    ],
)
def test_a_broken_kubeconfig_says_what_is_missing(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(AccessUnusable, match=words):
        access_from_kubeconfig(path)


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(AccessUnusable, match="No such file"):
        access_from_kubeconfig(tmp_path / "none")


async def test_a_pod_uses_its_service_account(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(b"CA")
    (tmp_path / "token").write_text(CANARY)
    environment = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    access = access_in_cluster(environment, files=tmp_path)
    assert (access.server, await header(access)) == ("https://[fd00::1]:443", f"Bearer {CANARY}")
    with pytest.raises(AccessUnusable, match="does not run in a pod"):
        access_in_cluster({}, files=tmp_path)


def cluster_secret(config: Any, **data: str) -> dict[str, Any]:
    text = config if isinstance(config, str) else json.dumps(config)
    values = {"name": "prod", "server": "https://prod.example", "config": text} | data
    return {"metadata": {"name": "s"}, "data": {key: encoded(value) for key, value in values.items()}}


async def test_a_cluster_secret_with_a_bearer_token() -> None:
    config = {"bearerToken": CANARY, "tlsClientConfig": {"insecure": True, "serverName": "x", "caData": encoded("CA")}}
    access = access_from_secret(cluster_secret(config))
    assert (access.name, access.server) == ("prod", "https://prod.example")
    assert access.tls == Tls(ca=b"CA", server_name="x", insecure=True)
    assert await header(access) == f"Bearer {CANARY}"


async def test_a_cluster_secret_with_a_password_or_a_certificate() -> None:
    basic = access_from_secret(cluster_secret({"username": "ann", "password": CANARY}))
    assert await header(basic) == f"Basic {encoded(f'ann:{CANARY}')}"
    pair = {"tlsClientConfig": {"certData": encoded("CERT"), "keyData": encoded("KEY")}}
    access = access_from_secret(cluster_secret(pair))
    assert (access.tls.certificate, access.tls.key, await header(access)) == (b"CERT", b"KEY", "")


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (cluster_secret("{}", server=""), "has no server"),
        (cluster_secret("{not json"), "not the JSON"),
        (cluster_secret({"tlsClientConfig": {"caData": "%%%"}}), "caData is not base64"),
        ({"metadata": {"name": "s"}}, "cluster Secret s has no server"),
    ],
)
def test_a_broken_cluster_secret_says_what_is_wrong(secret: dict[str, Any], words: str) -> None:
    with pytest.raises(AccessUnusable, match=words):
        access_from_secret(secret)


@pytest.mark.parametrize(
    "config",
    [
        {"awsAuthConfig": {"clusterName": "prod"}},
        {"execProviderConfig": {"command": "no-such-program", "installHint": "Install it."}},
    ],
)
async def test_a_credential_program_that_is_missing_is_named(config: dict[str, Any], tmp_path: Path) -> None:
    access = access_from_secret(cluster_secret(config))
    plugin = access.user["exec"]
    elsewhere = ClusterAccess(
        "prod", access.server, user={"exec": {**plugin, "command": f"absent-{plugin['command']}"}}
    )
    with pytest.raises(AccessUnusable, match="needs the program absent-") as caught:
        await header(elsewhere)
    assert "Install" in caught.value.suggestion


def test_amazon_tokens_come_from_amazons_program() -> None:
    access = access_from_secret(cluster_secret({"awsAuthConfig": {"clusterName": "c", "roleARN": "r", "profile": "p"}}))
    plugin = access.user["exec"]
    assert [plugin["command"], *plugin["args"]] == [
        "aws", "eks", "get-token", "--cluster-name", "c", "--output", "json", "--role-arn", "r",
    ]  # fmt: skip
    assert plugin["env"] == [{"name": "AWS_PROFILE", "value": "p"}]


def program(folder: Path, status: str) -> dict[str, Any]:
    """A credential program that counts its runs and prints `status`, a Python expression over `run`."""
    path = folder / "plugin"
    path.write_text(
        f"""#!{sys.executable}
import json, pathlib
counter = pathlib.Path({str(folder / "runs")!r})
run = int(counter.read_text()) + 1 if counter.exists() else 1
counter.write_text(str(run))
status = {status}
print(json.dumps({{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}}))
"""
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"command": str(path), "apiVersion": "client.authentication.k8s.io/v1"}}


@pytest.mark.cpu_seconds(20)  # the library behind it takes seconds to import
async def test_a_program_hands_out_tokens_and_is_asked_again_when_they_expire(tmp_path: Path) -> None:
    now = 0.0
    user = program(tmp_path, '{"token": f"t{run}", "expirationTimestamp": "2000-01-01T00:00:00Z"}')
    credential = Credential(ClusterAccess("c", "https://c", user=user), clock=lambda: now)
    assert await credential.authorization() == "Bearer t1"
    assert await credential.authorization() == "Bearer t1"
    now = 61.0
    assert await credential.authorization() == "Bearer t2"
    credential.distrust()
    assert await credential.authorization() == "Bearer t3"


@pytest.mark.cpu_seconds(20)  # see above
async def test_a_program_that_fails_is_named_without_what_it_printed(tmp_path: Path) -> None:
    user = program(tmp_path, f"print({CANARY!r}) or 1/0")
    with pytest.raises(AccessUnusable, match="gave no credential for cluster c") as caught:
        await header(ClusterAccess("c", "https://c", user=user))
    assert CANARY not in f"{caught.value!r} {caught.value.suggestion}"


async def test_no_secret_shows_in_any_text(tmp_path: Path) -> None:
    accesses = [
        access_from_kubeconfig(kubeconfig(tmp_path, {"token": CANARY, "client-key-data": encoded(CANARY)})),
        access_from_secret(cluster_secret({"bearerToken": CANARY, "tlsClientConfig": {"keyData": encoded(CANARY)}})),
    ]
    told = repr(accesses) + str(accesses)
    assert CANARY not in told
    assert encoded(CANARY) not in told
