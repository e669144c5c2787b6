"""Declarations of the pages that are one local component each: their filters live in the address."""

from typing import Any

import reflex as rx

from web.components.local import module


class Home(rx.NoSSRComponent):
    """What needs attention, deployments, runtimes and clusters."""

    library = module("home.jsx")
    tag = "Home"


class Dora(rx.NoSSRComponent):
    """The four key metrics."""

    library = module("dora.jsx")
    tag = "Dora"


class Groups(rx.NoSSRComponent):
    """Groups of applications, and one of them."""

    library = module("appgroups.jsx")
    tag = "Groups"


class Products(rx.NoSSRComponent):
    """Products, and one of them by environment."""

    library = module("products.jsx")
    tag = "Products"


class Environments(rx.NoSSRComponent):
    """Environments, where they are, and what runs there."""

    library = module("environments.jsx")
    tag = "Environments"


class Audit(rx.NoSSRComponent):
    """The changelog of Git as an audit log."""

    library = module("audit.jsx")
    tag = "Audit"


class Settings(rx.NoSSRComponent):
    """The person, tokens, users, the theme."""

    library = module("settings.jsx")
    tag = "Settings"


class RuntimePage(rx.NoSSRComponent):
    """One runtime: its parts, Git Sources and clusters."""

    library = module("runtime.jsx")
    tag = "RuntimePage"


class Topology(rx.NoSSRComponent):
    """Runtimes and the clusters that they serve."""

    library = module("runtime.jsx")
    tag = "Topology"


class Clusters(rx.NoSSRComponent):
    """Destination clusters."""

    library = module("clusters.jsx")
    tag = "Clusters"


class GitSources(rx.NoSSRComponent):
    """Repositories of manifests that runtimes follow."""

    library = module("platform.jsx")
    tag = "GitSources"


class Rollouts(rx.NoSSRComponent):
    """Rollouts of all applications."""

    library = module("rollouts.jsx")
    tag = "Rollouts"


class DialogSamples(rx.NoSSRComponent):
    """Dialogs in every state, for the style page."""

    library = module("samples.jsx")
    tag = "DialogSamples"


class ToastSamples(rx.NoSSRComponent):
    """Toasts, for the style page."""

    library = module("samples.jsx")
    tag = "ToastSamples"
    commit: rx.Var[dict[str, Any]]


class EditorSamples(rx.NoSSRComponent):
    """The editor with a problem, and read only, for the style page."""

    library = module("samples.jsx")
    tag = "EditorSamples"


class SetPage(rx.NoSSRComponent):
    """One ApplicationSet."""

    library = module("applicationset.jsx")
    tag = "SetPage"


class Wizard(rx.NoSSRComponent):
    """Form, text and commit of a new application."""

    library = module("wizard.jsx")
    tag = "Wizard"
