"""All runtimes."""

import reflex as rx

from web.layout import framed
from web.views.dashboards import RuntimePage, Topology
from web.views.runtime_table import runtime_table

#: Where the topology, which knows who may, puts the button.
REGISTER = "register-runtime"


def runtimes() -> rx.Component:
    """The list page."""
    return framed(
        rx.el.div(
            rx.el.div(
                rx.el.h1("Runtimes"), rx.el.div(class_name="grow"), rx.el.div(id=REGISTER), class_name="page-head"
            ),
            runtime_table(),
            Topology.create(),
            class_name="page full",
        ),
        place="/runtimes",
    )


def runtime() -> rx.Component:
    """One of them."""
    return framed(rx.el.div(RuntimePage.create(), class_name="page full"), place="/runtimes")
