"""Where a local React module is found by the bundler: `web.build` collects them into one folder."""


def module(name: str) -> str:
    """Import path of a script that stands beside its Python declaration."""
    return f"$/public/console/{name}"
