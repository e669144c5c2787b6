"""The permissions of a project, asked of one application.

Lists of repositories and destinations allow what some entry without `!` fits and no entry with `!` fits. Kinds have a
white and a black list each; an absent white list allows every namespaced kind and no cluster-scoped one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gitsync.manifest.object import DesiredObject, JsonObject
from gitsync.project.glob import denies, matches, matches_or_regex
from model.identity import ResourceKey
from model.kinds.application import Application, ApplicationCondition, Destination

_INVALID_SPEC = "InvalidSpecError"
_EXCLUDED = "ExcludedResourceWarning"


def violations(
    project: JsonObject,
    application: Application,
    objects: Sequence[DesiredObject],
    *,
    destination: Destination | None = None,
) -> tuple[ApplicationCondition, ...]:
    """Everything that the project does not allow.

    `destination` is the application's with both name and server filled in, where the caller knows the cluster. A
    violation of type InvalidSpecError stops the application; one of type ExcludedResourceWarning only its object.
    """
    name = _name(project)
    where = destination or application.spec.destination
    found = [
        *source_violations(project, application),
        *([] if _permits_destination(project, where) else [_not_a_destination(name, where)]),
        *([] if _permits_home(project, application) else [_not_a_home(name, application)]),
    ]
    conditions = [ApplicationCondition(_INVALID_SPEC, message) for message in found]
    refused = refusals(project, (desired.key for desired in objects), where)
    conditions.extend(ApplicationCondition(_EXCLUDED, message) for message in refused.values())
    return tuple(conditions)


def refusals(project: JsonObject, keys: Iterable[ResourceKey], destination: Destination) -> Mapping[ResourceKey, str]:
    """Why each of these objects may not be touched; objects that may be are not in the answer."""
    return {key: reason for key in keys if (reason := _refusal(project, key, destination))}


def restricts_objects(project: JsonObject) -> bool:
    """Whether there can be an object that the project refuses, on a destination that it permits as a whole."""
    spec = _spec(project)
    lists = any(spec.get(f"namespaceResource{colour}") for colour in ("Whitelist", "Blacklist"))
    places = any(_pattern(entry, "namespace") != "*" for entry in _entries(spec.get("destinations")))
    clusterwide = {"group": "*", "kind": "*"} in _entries(spec.get("clusterResourceWhitelist"))
    return lists or places or not clusterwide or bool(spec.get("clusterResourceBlacklist"))


def _refusal(project: JsonObject, key: ResourceKey, destination: Destination) -> str:
    kind = f"{key.group}/{key.kind}" if key.group else key.kind
    if not _permits_kind(_spec(project), key):
        listed = "namespaceResource" if key.namespace else "clusterResource"
        return (
            f'{key}: kind {kind} is not permitted in project "{_name(project)}"; '
            f"see its {listed}Whitelist and {listed}Blacklist"
        )
    if key.namespace and not _permits_destination(project, _in_namespace(destination, key.namespace)):
        return (
            f'{key}: namespace {key.namespace} is not permitted in project "{_name(project)}"; '
            "add it to the project's destinations"
        )
    return ""


def _in_namespace(destination: Destination, namespace: str) -> Destination:
    return Destination(server=destination.server, name=destination.name, namespace=namespace)


# ---- repositories


def source_violations(project: JsonObject, application: Application) -> list[str]:
    """Repositories of the application that the project does not permit."""
    patterns = _strings(_spec(project).get("sourceRepos"))
    return [
        f'application repo {source.repo_url} is not permitted in project "{_name(project)}"; {why}'
        for source in application.spec.all_sources
        if (why := _why_not_source(patterns, source.repo_url))
    ]


def _why_not_source(patterns: Sequence[str], url: str) -> str:
    """ "" where it is permitted."""
    wanted = normalize_url(url)
    for pattern in patterns:
        if denies(pattern) and _fits_url(pattern[1:], wanted):
            return f'"{pattern}" of its sourceRepos denies it'
    allowed = any(not denies(pattern) and _fits_url(pattern, wanted) for pattern in patterns)
    return "" if allowed else "add it to its sourceRepos"


def _fits_url(pattern: str, url: str) -> bool:
    return matches(normalize_url(pattern), url, separator="/")


def normalize_url(url: str) -> str:
    """One spelling for the ways to write a clone URL: scheme-less SSH, user, `.git`, trailing slash, case."""
    url = url.strip().lower().rstrip("/").removesuffix(".git")
    scheme, separated, rest = url.partition("://")
    if not separated:
        user_host, colon, path = url.partition(":")
        if not colon or "@" not in user_host:
            return url
        scheme, rest = "ssh", f"{user_host}/{path.lstrip('/')}"
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


# ---- destinations


def _permits_destination(project: JsonObject, destination: Destination) -> bool:
    entries = _entries(_spec(project).get("destinations"))
    denied = [entry for entry in entries if any(denies(str(entry.get(field) or "")) for field in _PLACE)]
    if any(_denies_place(entry, destination) for entry in denied):
        return False
    return any(_fits_place(entry, destination) for entry in entries if entry not in denied)


_PLACE = ("server", "name", "namespace")


def _denies_place(entry: JsonObject, destination: Destination) -> bool:
    """A field with `!` speaks for itself, whatever the others of its entry say: as in Argo CD, a namespace that is
    denied beside one server is denied on all of them."""
    return any(
        denies(str(entry.get(field) or "")) and _fits(entry, field, getattr(destination, field)) for field in _PLACE
    )


def _fits_place(entry: JsonObject, destination: Destination) -> bool:
    server, name = _fits(entry, "server", destination.server), _fits(entry, "name", destination.name)
    return (server or name) and matches(_pattern(entry, "namespace"), destination.namespace)


def _fits(entry: JsonObject, field: str, value: str) -> bool:
    pattern = _pattern(entry, field)
    return bool(pattern and value) and matches(pattern, value)


def _pattern(entry: JsonObject, field: str) -> str:
    return str(entry.get(field) or "").removeprefix("!")


def _not_a_destination(project: str, destination: Destination) -> str:
    return (
        f'application destination {destination.server or destination.name} with namespace "{destination.namespace}" '
        f'does not match any of the allowed destinations in project "{project}"'
    )


def _permits_home(project: JsonObject, application: Application) -> bool:
    home = (project.get("metadata") or {}).get("namespace") or ""
    namespace = application.metadata.namespace
    return namespace in ("", home) or any(
        matches_or_regex(pattern, namespace) for pattern in _strings(_spec(project).get("sourceNamespaces"))
    )


def _not_a_home(project: str, application: Application) -> str:
    return (
        f'applications in namespace "{application.metadata.namespace}" may not use project "{project}"; '
        "add the namespace to its sourceNamespaces"
    )


# ---- kinds


def _permits_kind(spec: JsonObject, key: ResourceKey) -> bool:
    if key.namespace:
        allowed, denied = spec.get("namespaceResourceWhitelist"), spec.get("namespaceResourceBlacklist")
        listed = allowed is None or _lists(allowed, key)
    else:
        allowed, denied = spec.get("clusterResourceWhitelist"), spec.get("clusterResourceBlacklist")
        listed = _lists(allowed, key)
    return listed and not _lists(denied, key)


def _lists(entries: Any, key: ResourceKey) -> bool:
    return any(
        matches(entry.get("group") or "", key.group)
        and matches(entry.get("kind") or "", key.kind)
        and (not entry.get("name") or matches(entry["name"], key.name))
        for entry in _entries(entries)
    )


def _spec(project: JsonObject) -> JsonObject:
    spec = project.get("spec")
    return spec if isinstance(spec, dict) else {}


def _name(project: JsonObject) -> str:
    return str((project.get("metadata") or {}).get("name") or "")


def _entries(value: Any) -> list[JsonObject]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _strings(value: Any) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []
