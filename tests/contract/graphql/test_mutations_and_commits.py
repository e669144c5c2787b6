"""Promise 3: of every mutation it is said whether it is a commit; those that are, are counted in the demo."""

from api.schema.build import build_schema
from tests.support.mutations import COUNTED, ELSEWHERE


def test_of_every_mutation_it_is_known_whether_it_is_a_commit() -> None:
    mutation = build_schema()._schema.mutation_type
    assert mutation is not None
    unknown = mutation.fields.keys() - COUNTED - ELSEWHERE.keys()
    assert not unknown, f"say of {sorted(unknown)} in tests/support/mutations.py whether they are commits"
    assert COUNTED | ELSEWHERE.keys() <= mutation.fields.keys(), "what is gone is not listed"
