"""How to get into a cluster, as a value: from a kubeconfig, from inside a pod, or from an Argo CD cluster Secret.

Nothing is asked of the cluster here. Secret parts never show in `repr`.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml

from gitsync.kube.errors import AccessUnusable
from gitsync.manifest.object import JsonObject

IN_CLUSTER_SERVER = "https://kubernetes.default.svc"  # what applications call the cluster that the runtime lives in
_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM bytes. `ca` None: the system's authorities. `server_name` is checked instead of the host's name."""

    ca: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)
    server_name: str = ""
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """Way into one cluster.

    `user` is a kubeconfig user entry without certificates: token, tokenFile, username and password, exec, or
    auth-provider. `directory` is what relative paths in it start from. `acting_as` is the user that the API server is
    asked to judge requests by instead.
    """

    name: str
    server: str
    tls: Tls = Tls()
    user: Mapping[str, Any] = field(default_factory=dict, repr=False)
    proxy_url: str = ""
    directory: Path = Path()
    acting_as: str = ""


def access_from_kubeconfig(path: Path, *, context: str = "", name: str = "") -> ClusterAccess:
    """The access that `context` (else the current one) of a kubeconfig file names."""
    try:
        config = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise AccessUnusable(f"kubeconfig {path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise AccessUnusable(f"kubeconfig {path} is not YAML") from error
    if not isinstance(config, dict):
        raise AccessUnusable(f"kubeconfig {path} is empty")
    wanted = context or config.get("current-context") or ""
    if not wanted:
        raise AccessUnusable(f"kubeconfig {path} has no current-context", suggestion="Name a context.")
    chosen = _entry(config, "contexts", wanted, "context", path)
    cluster = _entry(config, "clusters", str(chosen.get("cluster", "")), "cluster", path)
    user = _entry(config, "users", str(chosen["user"]), "user", path) if chosen.get("user") else {}
    server = str(cluster.get("server") or "").rstrip("/")
    if not server:
        raise AccessUnusable(f"kubeconfig {path}: cluster {chosen.get('cluster')} has no server")
    return ClusterAccess(
        name=name or str(chosen.get("cluster")),
        server=server,
        tls=Tls(
            ca=_pem(cluster, "certificate-authority", path),
            certificate=_pem(user, "client-certificate", path),
            key=_pem(user, "client-key", path),
            server_name=str(cluster.get("tls-server-name") or ""),
            insecure=bool(cluster.get("insecure-skip-tls-verify")),
        ),
        user={key: value for key, value in user.items() if not key.startswith("client-")},
        proxy_url=str(cluster.get("proxy-url") or ""),
        directory=path.absolute().parent,
    )


def access_in_cluster(
    environment: Mapping[str, str], *, name: str = "in-cluster", files: Path = _SERVICE_ACCOUNT
) -> ClusterAccess:
    """The access that Kubernetes gives to a pod through its service account. The token file is read again and again."""
    host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port:
        raise AccessUnusable("this process does not run in a pod", suggestion="Name a kubeconfig.")
    try:
        ca = (files / "ca.crt").read_bytes()
    except OSError as error:
        raise AccessUnusable(f"{files / 'ca.crt'} cannot be read: {error.strerror}") from error
    address = f"[{host}]" if ":" in host else host
    return ClusterAccess(
        name=name, server=f"https://{address}:{port}", tls=Tls(ca=ca), user={"tokenFile": str(files / "token")}
    )


class _TlsConfig(msgspec.Struct, frozen=True, rename="camel"):
    insecure: bool = False
    server_name: str = ""
    ca_data: str = ""
    cert_data: str = ""
    key_data: str = ""


class _AwsAuthConfig(msgspec.Struct, frozen=True, rename="camel"):
    cluster_name: str = ""
    role_arn: str = msgspec.field(default="", name="roleARN")
    profile: str = ""


class _ExecConfig(msgspec.Struct, frozen=True, rename="camel"):
    command: str = ""
    args: list[str] = []
    env: dict[str, str] = {}
    api_version: str = "client.authentication.k8s.io/v1"
    install_hint: str = ""


class _SecretConfig(msgspec.Struct, frozen=True, rename="camel"):
    """The `config` document of an Argo CD cluster Secret."""

    username: str = ""
    password: str = ""
    bearer_token: str = ""
    tls_client_config: _TlsConfig = _TlsConfig()
    aws_auth_config: _AwsAuthConfig | None = None
    exec_provider_config: _ExecConfig | None = None
    proxy_url: str = ""
    disable_compression: bool = False


def access_from_secret(secret: JsonObject) -> ClusterAccess:
    """The access that an Argo CD cluster Secret holds: data `name`, `server` and `config`."""
    title = f"cluster Secret {secret.get('metadata', {}).get('name', '')}"
    server = _text(secret, "server", title).rstrip("/")
    if not server:
        raise AccessUnusable(f"{title} has no server", suggestion="Add the key `server` to its data.")
    try:
        config = msgspec.json.decode(_text(secret, "config", title) or "{}", type=_SecretConfig)
    except msgspec.DecodeError as error:
        raise AccessUnusable(f"{title}: `config` is not the JSON that is expected there") from error
    tls = config.tls_client_config
    return ClusterAccess(
        name=_text(secret, "name", title) or server,
        server=server,
        tls=Tls(
            ca=_decoded(tls.ca_data, f"{title}: tlsClientConfig.caData"),
            certificate=_decoded(tls.cert_data, f"{title}: tlsClientConfig.certData"),
            key=_decoded(tls.key_data, f"{title}: tlsClientConfig.keyData"),
            server_name=tls.server_name,
            insecure=tls.insecure,
        ),
        user=_user(config),
        proxy_url=config.proxy_url,
    )


def _user(config: _SecretConfig) -> dict[str, Any]:
    if config.exec_provider_config:
        plugin = config.exec_provider_config
        return {
            "exec": {
                "command": plugin.command,
                "args": plugin.args,
                "env": [{"name": key, "value": value} for key, value in plugin.env.items()],
                "apiVersion": plugin.api_version,
                "installHint": plugin.install_hint,
            }
        }
    if config.aws_auth_config:
        return {"exec": _aws_plugin(config.aws_auth_config)}
    if config.bearer_token:
        return {"token": config.bearer_token}
    if config.username:
        return {"username": config.username, "password": config.password}
    return {}


def _aws_plugin(aws: _AwsAuthConfig) -> dict[str, Any]:
    """Amazon's own program makes the token; Argo CD ships a program that does the same call."""
    arguments = ["eks", "get-token", "--cluster-name", aws.cluster_name, "--output", "json"]
    if aws.role_arn:
        arguments += ["--role-arn", aws.role_arn]
    return {
        "command": "aws",
        "args": arguments,
        "env": [{"name": "AWS_PROFILE", "value": aws.profile}] if aws.profile else [],
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "installHint": "Install the AWS CLI where the runtime runs.",
    }


def _entry(config: Mapping[str, Any], section: str, name: str, part: str, path: Path) -> dict[str, Any]:
    for entry in config.get(section) or ():
        if isinstance(entry, dict) and entry.get("name") == name:
            return dict(entry.get(part) or {})
    raise AccessUnusable(f"kubeconfig {path} has no {part} named {name!r}")


def _pem(entry: Mapping[str, Any], key: str, path: Path) -> bytes | None:
    if data := entry.get(f"{key}-data"):
        return _decoded(str(data), f"kubeconfig {path}: {key}-data")
    if not entry.get(key):
        return None
    file = path.absolute().parent / str(entry[key])
    try:
        return file.read_bytes()
    except OSError as error:
        raise AccessUnusable(f"kubeconfig {path}: {key} {file} cannot be read: {error.strerror}") from error


def _text(secret: JsonObject, key: str, title: str) -> str:
    if plain := (secret.get("stringData") or {}).get(key):
        return str(plain)
    data = _decoded(str((secret.get("data") or {}).get(key) or ""), f"{title}: {key}")
    try:
        return (data or b"").decode()
    except UnicodeDecodeError as error:
        raise AccessUnusable(f"{title}: {key} is not text") from error


def _decoded(data: str, what: str) -> bytes | None:
    if not data:
        return None
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise AccessUnusable(f"{what} is not base64") from error
