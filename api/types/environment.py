"""Environments: where applications deploy to, by the name that people give it."""

import enum

import strawberry

from api.actions.environments import Counted
from api.types.facets import Facet, health_facets
from api.types.node import Node
from model.environment import ENVIRONMENT_KIND
from model.identity import encode_node_id
from model.report import EnvironmentPlace as PlaceValue
from model.report import EnvironmentSummary


@strawberry.enum
class EnvironmentKind(enum.StrEnum):
    PRODUCTION = "PRODUCTION"
    NON_PRODUCTION = "NON_PRODUCTION"


@strawberry.type(
    description="A cluster of a runtime, by name or URL, and namespaces there; none: all. Globs are allowed."
)
class EnvironmentPlace:
    runtime: str
    cluster: str
    namespaces: list[str]

    @staticmethod
    def of(runtime: str, place: PlaceValue) -> "EnvironmentPlace":
        return EnvironmentPlace(runtime=runtime, cluster=place.cluster, namespaces=list(place.namespaces))


@strawberry.type(description="Why something that describes the environment cannot be used; it is left out.")
class EnvironmentProblem:
    runtime: str
    message: str


@strawberry.type(description="What one runtime says of an environment.")
class EnvironmentDefinition:
    name: str
    kind: EnvironmentKind
    places: list[EnvironmentPlace]
    problem: str | None = strawberry.field(description="Why it cannot be used; it has no places then.")

    @staticmethod
    def of(runtime: str, told: EnvironmentSummary) -> "EnvironmentDefinition":
        return EnvironmentDefinition(
            name=told.name,
            kind=EnvironmentKind.PRODUCTION if told.production else EnvironmentKind.NON_PRODUCTION,
            places=[EnvironmentPlace.of(runtime, place) for place in told.places],
            problem=told.problem or None,
        )


@strawberry.type(
    description="A named set of clusters and namespaces: a ConfigMap with the label codefresh.io/entity=environment in "
    "the namespace of each runtime that knows it. An application is in it by its destination."
)
class Environment(Node):
    name: str
    kind: EnvironmentKind
    places: list[EnvironmentPlace]
    problems: list[EnvironmentProblem]
    applications_num: int = strawberry.field(description="Those that the viewer may see.")
    health_statuses: list[Facet] = strawberry.field(description="How many of its applications there are per health.")

    @staticmethod
    def of(counted: Counted) -> "Environment":
        one, healths = counted
        return Environment(
            id=strawberry.ID(encode_node_id(ENVIRONMENT_KIND, one.name)),
            name=one.name,
            kind=EnvironmentKind.PRODUCTION if one.production else EnvironmentKind.NON_PRODUCTION,
            places=[EnvironmentPlace.of(runtime, place) for runtime, place in one.places],
            problems=[EnvironmentProblem(runtime=runtime, message=message) for runtime, message in one.problems],
            applications_num=sum(healths.values()),
            health_statuses=health_facets(healths),
        )
