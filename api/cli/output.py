"""Results as a table for people or as JSON for programs."""

from collections.abc import Sequence
from typing import Any

import click
import orjson

output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Form of the result.",
)


def show_json(value: Any) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def show_table(rows: Sequence[dict[str, Any]], output: str) -> None:
    """Rows with the same keys; the keys are the heading."""
    if output == "json":
        show_json(rows)
        return
    if not rows:
        click.echo("none")
        return
    columns = list(rows[0])
    lines = [[column.upper() for column in columns], *([_text(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _text(value: Any) -> str:
    return "" if value is None else str(value)
