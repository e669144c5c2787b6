"""Pages that are one local component each."""

import reflex as rx

from web.layout import framed
from web.views.dashboards import (
    Audit,
    Clusters,
    Dora,
    Environments,
    GitSources,
    Groups,
    Home,
    Products,
    Rollouts,
    SetPage,
    Settings,
    Wizard,
)


def home() -> rx.Component:
    """Where people land."""
    return _page(Home.create(), "/")


def dora() -> rx.Component:
    """Key metrics."""
    return _page(Dora.create(), "/dora")


def rollouts() -> rx.Component:
    """Progressive delivery of all applications."""
    return _page(Rollouts.create(), "/rollouts")


def new_application() -> rx.Component:
    """The wizard."""
    return _page(Wizard.create(), "/applications")


def app_groups() -> rx.Component:
    """Groups of applications."""
    return _page(Groups.create(), "/applications")


def products() -> rx.Component:
    """Products."""
    return _page(Products.create(), "/applications")


def environments() -> rx.Component:
    """Environments."""
    return _page(Environments.create(), "/applications")


def application_set() -> rx.Component:
    """One set, and what it generates."""
    return _page(SetPage.create(), "/applications")


def audit() -> rx.Component:
    """Who changed what."""
    return _page(Audit.create(), "/audit")


def settings() -> rx.Component:
    """The person, tokens, users, the theme."""
    return _page(Settings.create(), "/settings")


def clusters() -> rx.Component:
    """Destination clusters."""
    return _page(Clusters.create(), "/clusters")


def git_sources() -> rx.Component:
    """Git Sources."""
    return _page(GitSources.create(), "/git-sources")


def _page(content: rx.Component, place: str) -> rx.Component:
    return framed(rx.el.div(content, class_name="page full"), place=place)
