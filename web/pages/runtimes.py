"""All runtimes."""

import reflex as rx

from web.layout import framed
from web.views.dashboards import RuntimePage, Topology
from web.views.runtime_table import runtime_table


def runtimes() -> rx.Component:
    """The list page."""
    return framed(
        rx.el.div(
            rx.el.div(rx.el.h1("Runtimes"), class_name="page-head"),
            runtime_table(),
            Topology.create(),
            class_name="page full",
        ),
        place="/runtimes",
    )


def runtime() -> rx.Component:
    """One of them."""
    return framed(rx.el.div(RuntimePage.create(), class_name="page full"), place="/runtimes")
