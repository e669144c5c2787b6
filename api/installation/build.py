"""Writes the definitions of our kinds into the chart of the runtime: `python -m api.installation.build`.

Helm installs what is in `crds/` only where it is missing, and never changes it afterwards.
"""

from pathlib import Path

import yaml

from model.kinds.definitions import custom_resource_definitions, rollout_definitions

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "argosy-runtime" / "crds"


def definition_files() -> dict[str, str]:
    """Text by name of file."""
    definitions = (*custom_resource_definitions(), *rollout_definitions())
    return {
        f"{one['spec']['names']['plural']}.yaml": yaml.dump(one, Dumper=_Plain, sort_keys=False) for one in definitions
    }


class _Plain(yaml.SafeDumper):
    """Everything spelled out: no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in definition_files().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
