"""Tokens into a tree, by precedence climbing. Names and functions that do not exist are found here, not later."""

from collections.abc import Collection

from gitsync.rollout.analysis.expression.errors import ExpressionInvalid
from gitsync.rollout.analysis.expression.syntax import (
    Binary,
    Call,
    Closure,
    Conditional,
    Index,
    Items,
    Let,
    Literal,
    Name,
    Node,
    Pairs,
    Pointer,
    Slice,
    Unary,
)
from gitsync.rollout.analysis.expression.tokens import Kind, Token, tokens

_PRECEDENCE = {
    "|": 0,
    "or": 10,
    "||": 10,
    "and": 15,
    "&&": 15,
    "==": 20,
    "!=": 20,
    "<": 20,
    ">": 20,
    ">=": 20,
    "<=": 20,
    "in": 20,
    "not": 20,
    "matches": 20,
    "contains": 20,
    "startsWith": 20,
    "endsWith": 20,
    "..": 25,
    "+": 30,
    "-": 30,
    "*": 60,
    "/": 60,
    "%": 60,
    "**": 100,
    "^": 100,
    "??": 500,
}
_RIGHT = ("**", "^")
_NEGATABLE = ("in", "matches", "contains", "startsWith", "endsWith")
_SPELLINGS = {"&&": "and", "||": "or", "^": "**"}
_UNARY = {"not": 50, "!": 50, "-": 90, "+": 90}
_WORDS = {"true": True, "false": False, "nil": None}
_MAX_DEPTH = 60


def parse(source: str, variables: Collection[str], functions: Collection[str], closures: Collection[str]) -> Node:
    """`closures` are the functions whose second argument is looked at for each element. Raises ExpressionInvalid."""
    return _Parser(source, variables, functions, closures).parse()


class _Parser:
    def __init__(
        self, source: str, variables: Collection[str], functions: Collection[str], closures: Collection[str]
    ) -> None:
        self._source = source
        self._tokens = tokens(source)
        self._position = 0
        self._variables = [*variables]
        self._functions = functions
        self._closures = closures
        self._depth = 0
        self._closure_depth = 0

    def parse(self) -> Node:
        node = self._sequence()
        if self._token.kind is not Kind.END:
            raise self._unexpected()
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._position]

    def _next(self) -> Token:
        token = self._token
        self._position += 1
        return token

    def _at(self, *texts: str) -> bool:
        return self._token.kind in (Kind.SYMBOL, Kind.NAME) and self._token.text in texts

    def _take(self, text: str) -> bool:
        if self._at(text):
            self._position += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._unexpected()

    def _unexpected(self) -> ExpressionInvalid:
        token = self._token
        found = repr(token.text) if token.text else "end"
        return self._invalid(f"unexpected {found}", token)

    def _invalid(self, message: str, token: Token) -> ExpressionInvalid:
        return ExpressionInvalid(
            f"{message} at {token.position + 1} in {self._source!r}", suggestion="correct the condition"
        )

    def _sequence(self) -> Node:
        """`let name = value; expression`."""
        if not self._at("let"):
            return self._expression(0)
        self._next()
        name = self._next()
        if name.kind is not Kind.NAME:
            raise self._invalid("expected a name after let", name)
        self._expect("=")
        value = self._expression(0)
        self._expect(";")
        self._variables.append(name.text)
        body = self._sequence()
        self._variables.remove(name.text)
        return Let(name.text, value, body)

    def _expression(self, least: int) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._invalid("nested too deeply", self._token)
        node = self._unary()
        while (precedence := self._precedence()) is not None and precedence >= least:
            node = self._binary(node, precedence)
        self._depth -= 1
        return self._conditional(node) if least == 0 else node

    def _precedence(self) -> int | None:
        if self._token.kind not in (Kind.SYMBOL, Kind.NAME):
            return None
        if self._token.text == "not" and self._tokens[self._position + 1].text not in _NEGATABLE:
            return None
        return _PRECEDENCE.get(self._token.text)

    def _binary(self, left: Node, precedence: int) -> Node:
        operator = self._next().text
        if operator == "|":
            return self._piped(left)
        negated = operator == "not"
        if negated:
            operator = self._next().text
        right = self._expression(precedence if operator in _RIGHT else precedence + 1)
        node = Binary(_SPELLINGS.get(operator, operator), left, right)
        return Unary("not", node) if negated else node

    def _piped(self, left: Node) -> Node:
        """`value | function(more)` is `function(value, more)`."""
        token = self._next()
        if token.kind is not Kind.NAME:
            raise self._invalid("expected a function after |", token)
        return self._suffixes(self._call(token, (left,)))

    def _conditional(self, test: Node) -> Node:
        if not self._take("?"):
            return test
        if self._take(":"):  # `a ?: b`
            return Conditional(test, test, self._expression(0))
        yes = self._expression(0)
        self._expect(":")
        return Conditional(test, yes, self._expression(0))

    def _unary(self) -> Node:
        if self._token.kind in (Kind.SYMBOL, Kind.NAME) and (precedence := _UNARY.get(self._token.text)) is not None:
            operator = self._next().text
            return Unary("not" if operator == "!" else operator, self._expression(precedence))
        return self._suffixes(self._primary())

    def _primary(self) -> Node:
        token = self._next()
        match token.kind:
            case Kind.NUMBER | Kind.TEXT:
                return Literal(token.value)
            case Kind.POINTER:
                if not self._closure_depth:
                    raise self._invalid("# stands outside of a closure", token)
                return Pointer(token.text[1:])
            case Kind.NAME:
                return self._name(token)
        if token.text == "(":
            node = self._sequence()
            self._expect(")")
            return node
        if token.text == "[":
            return Items(self._list("]"))
        if token.text == "{":
            return self._map()
        if token.text == "." and self._closure_depth and self._token.kind is Kind.NAME:
            return Index(Pointer(""), Literal(self._next().text))
        self._position -= 1
        raise self._unexpected()

    def _name(self, token: Token) -> Node:
        if token.text in _WORDS:
            return Literal(_WORDS[token.text])
        if self._at("("):
            return self._call(token, ())
        if token.text not in self._variables:
            raise self._invalid(f"unknown name {token.text}", token)
        return Name(token.text)

    def _call(self, token: Token, piped: tuple[Node, ...]) -> Node:
        if token.text not in self._functions:
            raise self._invalid(f"unknown function {token.text}", token)
        arguments = list(piped)
        self._expect("(")
        while not self._take(")"):
            inside = token.text in self._closures and len(arguments) == 1
            arguments.append(self._closure() if inside else self._expression(0))
            if not self._at(")"):
                self._expect(",")
        return Call(token.text, tuple(arguments))

    def _closure(self) -> Node:
        self._closure_depth += 1
        if self._take("{"):
            body = self._sequence()
            self._expect("}")
        else:
            body = self._expression(0)
        self._closure_depth -= 1
        return Closure(body)

    def _list(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._take(end):
            items.append(self._expression(0))
            if not self._at(end):
                self._expect(",")
        return tuple(items)

    def _map(self) -> Node:
        pairs: list[tuple[Node, Node]] = []
        while not self._take("}"):
            token = self._next()
            if token.kind is Kind.NAME:
                key: Node = Literal(token.text)
            elif token.kind in (Kind.TEXT, Kind.NUMBER):
                key = Literal(str(token.value))
            elif token.text == "(":
                key = self._expression(0)
                self._expect(")")
            else:
                raise self._invalid("expected a key", token)
            self._expect(":")
            pairs.append((key, self._expression(0)))
            if not self._at("}"):
                self._expect(",")
        return Pairs(tuple(pairs))

    def _suffixes(self, node: Node) -> Node:
        while True:
            if self._at(".", "?."):
                optional = self._next().text == "?."
                if optional and self._take("["):
                    node = Index(node, self._expression(0), optional=True)
                    self._expect("]")
                    continue
                member = self._next()
                if member.kind is not Kind.NAME:
                    raise self._invalid("expected a name", member)
                node = Index(node, Literal(member.text), optional)
            elif self._take("["):
                node = self._bracket(node)
            else:
                return node

    def _bracket(self, node: Node) -> Node:
        if self._take(":"):
            end = None if self._at("]") else self._expression(0)
            self._expect("]")
            return Slice(node, None, end)
        key = self._expression(1)
        if self._take(":"):
            end = None if self._at("]") else self._expression(0)
            self._expect("]")
            return Slice(node, key, end)
        self._expect("]")
        return Index(node, key)
