"""Things with an id that is valid everywhere."""

import strawberry


@strawberry.interface(description="A thing that can be asked for again by its id.")
class Node:
    id: strawberry.ID
