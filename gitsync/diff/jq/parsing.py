"""Tokens to nodes, by jq's grammar and precedence; what we do not have is refused by its name."""

from collections.abc import Callable
from functools import lru_cache

from gitsync.diff.jq.errors import ExpressionUnusable
from gitsync.diff.jq.known import KNOWN_FUNCTIONS
from gitsync.diff.jq.lexing import Token, Type, tokens_of
from gitsync.diff.jq.nodes import (
    Alternative,
    Bind,
    Call,
    Comma,
    Condition,
    Everything,
    Identity,
    Index,
    Iterate,
    ListOf,
    Literal,
    Logic,
    Negation,
    Node,
    ObjectOf,
    Operation,
    Pipe,
    Reduce,
    Slice,
    Text,
    Try,
    Variable,
)

_MAX_DEPTH = 60
_REFUSED = frozenset({"def", "foreach", "label", "break", "import", "include", "input", "inputs", "env", "debug"})
_NOT_A_TERM = frozenset({"and", "or", "then", "elif", "else", "end", "as", "catch", "reduce", "if", "try"})
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_ASSIGNMENTS = frozenset({"=", "|=", "+=", "-=", "*=", "/=", "%=", "//=", "?//", "?//="})


@lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    """Raises ExpressionUnusable."""
    parser = _Parser(tokens_of(text), frozenset())
    node = parser.pipe()
    parser.expect_end()
    return node


class _Parser:
    def __init__(self, tokens: list[Token], variables: frozenset[str], depth: int = 0) -> None:
        self._tokens = tokens
        self._position = 0
        self._variables = variables
        self._depth = depth

    # ---- tokens

    @property
    def _now(self) -> Token:
        return self._tokens[self._position]

    def _take(self) -> Token:
        token = self._now
        if token.type is not Type.END:
            self._position += 1
        return token

    def _is(self, text: str) -> bool:
        return self._now.type in (Type.SIGN, Type.WORD) and self._now.text == text

    def _accept(self, text: str) -> bool:
        if self._is(text):
            self._position += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._unexpected(f"{text!r} is expected")

    def expect_end(self) -> None:
        if self._now.type is not Type.END:
            raise self._unexpected("nothing more is expected")

    def _unexpected(self, why: str) -> ExpressionUnusable:
        token = self._now
        if token.text in _ASSIGNMENTS:
            return ExpressionUnusable(f"{token.text} changes values, and an expression here may only name them")
        found = f"{token.text!r} at {token.at + 1}" if token.type is not Type.END else "the end"
        return ExpressionUnusable(f"{found} is not understood: {why}")

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ExpressionUnusable(f"it is nested more than {_MAX_DEPTH} deep")
        node = read()
        self._depth -= 1
        return node

    # ---- operators, weakest first

    def pipe(self) -> Node:
        return self._deeper(self._pipe)

    def _pipe(self) -> Node:
        left = self._comma()
        return Pipe(left, self.pipe()) if self._accept("|") else left

    def _comma(self) -> Node:
        left = self._alternative()
        while self._accept(","):
            left = Comma(left, self._alternative())
        return left

    def _alternative(self) -> Node:
        left = self._or()
        return Alternative(left, self._deeper(self._alternative)) if self._accept("//") else left

    def _or(self) -> Node:
        left = self._and()
        while self._accept("or"):
            left = Logic("or", left, self._and())
        return left

    def _and(self) -> Node:
        left = self._comparison()
        while self._accept("and"):
            left = Logic("and", left, self._comparison())
        return left

    def _comparison(self) -> Node:
        left = self._sum()
        if self._now.type is Type.SIGN and self._now.text in _COMPARISONS:
            return Operation(self._take().text, left, self._sum())
        return left

    def _sum(self) -> Node:
        left = self._product()
        while self._is("+") or self._is("-"):
            left = Operation(self._take().text, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._postfix()
        while self._is("*") or self._is("/") or self._is("%"):
            left = Operation(self._take().text, left, self._postfix())
        return left

    # ---- terms

    def _postfix(self) -> Node:
        if self._accept("-"):
            return Negation(self._deeper(self._postfix))
        node = self._suffixed()
        if not self._accept("as"):
            return node
        name = self._variable_name()
        self._expect("|")
        return Bind(node, name, self._with(name, self.pipe))

    def _suffixed(self) -> Node:
        node = self._deeper(self._term)
        while True:
            if self._now.type is Type.FIELD:
                node = Index(node, Literal(self._take().text))
            elif self._accept("["):
                node = self._bracket(node)
            elif self._accept("?"):
                node = Try(node)
            elif self._is(".") and self._after(Type.STRING):
                self._take()
                node = Index(node, self._text(self._take()))
            elif self._is(".") and self._after(Type.SIGN, "["):
                self._take()
            else:
                return node

    def _after(self, kind: Type, text: str = "") -> bool:
        following = self._tokens[min(self._position + 1, len(self._tokens) - 1)]
        return following.type is kind and text in ("", following.text)

    def _bracket(self, of: Node) -> Node:
        if self._accept("]"):
            return Iterate(of)
        if self._accept(":"):
            end = self.pipe()
            self._expect("]")
            return Slice(of, None, end)
        key = self.pipe()
        if self._accept(":"):
            end_or_none = None if self._is("]") else self.pipe()
            self._expect("]")
            return Slice(of, key, end_or_none)
        self._expect("]")
        return Index(of, key)

    def _term(self) -> Node:
        token = self._now
        match token.type:
            case Type.FIELD:
                self._take()
                return Index(Identity(), Literal(token.text))
            case Type.NUMBER:
                self._take()
                return Literal(int(token.text) if token.text.isdigit() else float(token.text))
            case Type.STRING:
                return self._text(self._take())
            case Type.VARIABLE:
                return self._known_variable()
            case Type.WORD:
                return self._word()
            case Type.FORMAT:
                raise ExpressionUnusable(f"{token.text} is a format, and formats are not known here")
        return self._sign()

    def _sign(self) -> Node:
        if self._accept(".."):
            return Everything()
        if self._accept("."):
            if self._now.type is Type.STRING:
                return Index(Identity(), self._text(self._take()))
            return Identity()
        if self._accept("("):
            node = self.pipe()
            self._expect(")")
            return node
        if self._accept("["):
            if self._accept("]"):
                return Literal([])
            node = self.pipe()
            self._expect("]")
            return ListOf(node)
        if self._accept("{"):
            return self._object()
        raise self._unexpected("an expression is expected")

    def _text(self, token: Token) -> Node:
        parts: list[str | Node] = []
        for part in token.parts:
            if isinstance(part, str):
                parts.append(part)
                continue
            inner = _Parser(part, self._variables, self._depth)
            parts.append(inner.pipe())
            inner.expect_end()
        return Text(tuple(parts)) if len(parts) > 1 else Literal(token.text)

    def _word(self) -> Node:
        name = self._take().text
        if name == "if":
            return self._condition()
        if name == "try":
            body = self._deeper(self._suffixed)
            return Try(body, self._deeper(self._suffixed) if self._accept("catch") else None)
        if name == "reduce":
            return self._reduce()
        if name in _REFUSED:
            raise ExpressionUnusable(f"{name} is not known here")
        if name in _NOT_A_TERM:
            raise ExpressionUnusable(f"{name} stands where an expression is expected")
        arguments: list[Node] = []
        if self._accept("("):
            arguments.append(self.pipe())
            while self._accept(";"):
                arguments.append(self.pipe())
            self._expect(")")
        if (name, len(arguments)) not in KNOWN_FUNCTIONS:
            raise ExpressionUnusable(
                f"function {name}/{len(arguments)} is not known here",
                suggestion='A name with a dash in it is written .["a-b"].',
            )
        return Call(name, tuple(arguments))

    def _condition(self) -> Node:
        test = self.pipe()
        self._expect("then")
        yes = self.pipe()
        if self._accept("elif"):
            return Condition(test, yes, self._deeper(self._condition))
        no = self.pipe() if self._accept("else") else Identity()
        self._expect("end")
        return Condition(test, yes, no)

    def _reduce(self) -> Node:
        source = self._deeper(self._suffixed)
        self._expect("as")
        name = self._variable_name()
        self._expect("(")
        start = self.pipe()
        self._expect(";")
        update = self._with(name, self.pipe)
        self._expect(")")
        return Reduce(source, name, start, update)

    def _object(self) -> Node:
        fields: list[tuple[Node, Node]] = []
        while not self._accept("}"):
            if fields:
                self._expect(",")
            fields.append(self._field())
        return ObjectOf(tuple(fields))

    def _field(self) -> tuple[Node, Node]:
        token = self._now
        key: Node
        if token.type in (Type.WORD, Type.NUMBER):
            key = Literal(self._take().text)
            short: Node | None = Index(Identity(), key)
        elif token.type is Type.STRING:
            key = self._text(self._take())
            short = Index(Identity(), key)
        elif token.type is Type.VARIABLE:
            short = self._known_variable()
            key = Literal(token.text[1:])
        elif self._accept("("):
            key, short = self.pipe(), None
            self._expect(")")
        else:
            raise self._unexpected("a key is expected")
        if self._accept(":"):
            return key, self._field_value()
        if short is None:
            raise self._unexpected("':' is expected")
        return key, short

    def _field_value(self) -> Node:
        node = self._alternative()
        while self._accept("|"):
            node = Pipe(node, self._alternative())
        return node

    # ---- variables

    def _variable_name(self) -> str:
        if self._now.type is not Type.VARIABLE:
            raise self._unexpected("a variable is expected")
        return self._take().text[1:]

    def _known_variable(self) -> Node:
        name = self._take().text[1:]
        if name not in self._variables:
            raise ExpressionUnusable(f"${name} is not known here")
        return Variable(name)

    def _with(self, name: str, read: Callable[[], Node]) -> Node:
        before, self._variables = self._variables, self._variables | {name}
        node = read()
        self._variables = before
        return node
