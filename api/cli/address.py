"""An application as the command line names it: RUNTIME/NAMESPACE/NAME or RUNTIME/NAME."""

from typing import Any

import click


class ApplicationAddress(click.ParamType[dict[str, str | None]]):
    name = "application"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, str | None]:
        parts = str(value).split("/")
        if len(parts) not in (2, 3) or not all(parts):
            self.fail("write RUNTIME/NAMESPACE/NAME or RUNTIME/NAME", param, ctx)
        namespace = parts[1] if len(parts) == 3 else None
        return {"runtime": parts[0], "namespace": namespace, "name": parts[-1]}


address = click.argument("application", type=ApplicationAddress())
