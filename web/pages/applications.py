"""All applications of all runtimes."""

import reflex as rx

from web.layout import framed
from web.views.applications import Applications


def applications() -> rx.Component:
    """The list page."""
    return framed(rx.el.div(Applications.create(), class_name="page full"), place="/applications")
