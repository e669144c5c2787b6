"""Settings of the console, and the only place in it that reads the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

import reflex as rx

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How the console is reached and how it reaches the control plane."""

    #: Addresses under which people open the console, where a proxy rewrites the Host header.
    public_origins: tuple[str, ...]
    #: Address of the control plane; empty: the process that serves the console, which is the usual case.
    api_url: str


def read_settings() -> ConsoleSettings:
    """Read the environment once."""
    origins = os.environ.get("ARGOSY_PUBLIC_ORIGINS", "")
    return ConsoleSettings(
        public_origins=tuple(origin.strip().rstrip("/") for origin in origins.split(",") if origin.strip()),
        api_url=os.environ.get("ARGOSY_API_URL", "").rstrip("/"),
    )


config = rx.Config(
    app_name="web",
    app_module_import="web.app",
    backend_path="/ui-api",
    # The real check compares Origin with Host (delivery.py). Never "*": that is hijacking with a session cookie.
    cors_allowed_origins=["http://127.0.0.1"],
    default_color_mode="system",
    state_manager_mode=rx.constants.StateManagerMode.MEMORY,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    redis_token_expiration=900,  # seconds a closed tab's state is kept
    disable_plugins=[rx.plugins.SitemapPlugin],
    frontend_packages=[
        "@fontsource-variable/inter@5.2.8",
        "@fontsource-variable/jetbrains-mono@5.2.8",
        "graphql-ws@6.0.6",
        "@xyflow/react@12.12.1",
        "diff@8.0.2",
        "js-yaml@4.1.0",
        "yaml@2.9.1",
        "@codemirror/commands@6.11.1",
        "@codemirror/lang-yaml@6.1.3",
        "@codemirror/language@6.13.1",
        "@codemirror/lint@6.9.8",
        "@codemirror/search@6.7.2",
        "@codemirror/state@6.7.6",
        "@codemirror/view@6.43.15",
        "@lezer/highlight@1.2.5",
    ],
)
