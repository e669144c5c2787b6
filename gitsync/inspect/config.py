"""The ConfigMap argocd-cm from a file, as the runtime takes it from the cluster, but strict: any problem ends it."""

from gitsync.configuration.engine_config import DEFAULT_CONFIG, EngineConfig, read_engine_config
from gitsync.inspect.files import InspectError, read_single


def read_configuration(file: str | None) -> EngineConfig:
    """Without a file everything is at its default. Raises InspectError."""
    if file is None:
        return DEFAULT_CONFIG
    data = read_single(file).get("data") or {}
    if not isinstance(data, dict):
        raise InspectError(f"{file}: data is no map", suggestion="Give the ConfigMap argocd-cm.")
    configuration = read_engine_config(data)
    for problem in configuration.problems:
        raise InspectError(f"{file}: {problem.key}: {problem.message}", suggestion="Correct the ConfigMap.")
    return configuration
