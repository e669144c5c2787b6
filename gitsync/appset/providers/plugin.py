"""Plugin generators: a service of the user's that gives parameters."""

from typing import Any

from gitsync.appset.errors import ProviderFailed
from gitsync.appset.providers.api import Api
from gitsync.manifest.object import JsonObject


async def plugin_entries(api: Api, application_set: str, generator: JsonObject) -> list[dict[str, Any]]:
    """What the service says for this set. Raises ProviderFailed."""
    wanted = (generator.get("input") or {}).get("parameters") or {}
    body = {"applicationSetName": application_set, "input": {"parameters": wanted}}
    answer = (await api.post("/api/v1/getparams.execute", body)).value
    output = answer.get("output") if isinstance(answer, dict) else None
    found = output.get("parameters") if isinstance(output, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ProviderFailed("the plugin gave no list output.parameters", suggestion="Correct the plugin's answer.")
    return [{**one, "generator": {"input": {"parameters": wanted}}} for one in found]
