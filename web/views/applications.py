"""The list of applications: a local component with its own stream, so that typing never waits for a round trip."""

import reflex as rx

from web.components.local import module


class Applications(rx.NoSSRComponent):
    """Counter strip, filters, table, pages."""

    library = module("applications.jsx")
    tag = "Applications"
