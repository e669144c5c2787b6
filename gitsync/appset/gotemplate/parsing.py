"""Tokens to a template: Go's grammar, with the names of functions and variables checked at once."""

import re
from collections.abc import Collection

from gitsync.appset.gotemplate.errors import TemplateSyntaxInvalid
from gitsync.appset.gotemplate.lexing import Token, Type, tokens
from gitsync.appset.gotemplate.nodes import (
    Action,
    Body,
    Break,
    Chain,
    Command,
    Constant,
    Continue,
    Dot,
    Field,
    Function,
    If,
    Include,
    Nil,
    Node,
    Operand,
    Pipeline,
    Range,
    Template,
    Text,
    Variable,
    With,
)
from gitsync.appset.gotemplate.number import parse_integer
from gitsync.appset.gotemplate.unquoting import unquote, unquote_character

_DEEPEST = 100
_BRANCHES: dict[str, type[If] | type[With] | type[Range]] = {"if": If, "with": With, "range": Range}
_LARGEST_TEMPLATE = 1_000_000


def parse_template(source: str, functions: Collection[str]) -> Template:
    """Raises TemplateSyntaxInvalid, also for functions that are not among `functions`."""
    if len(source) > _LARGEST_TEMPLATE:
        raise TemplateSyntaxInvalid("the template is too large", suggestion="Make it shorter.")
    return _Parser(source, functions).template()


class _Parser:
    def __init__(self, source: str, functions: Collection[str]) -> None:
        self._tokens = list(tokens(source))
        self._position = 0
        self._functions = functions
        self._variables = ["$"]
        self._definitions: dict[str, Body] = {}
        self._loops = 0
        self._depth = 0

    def template(self) -> Template:
        body, ending = self._body(top=True)
        if ending:
            raise self._invalid(f"{{{{{ending}}}}} stands without its beginning")
        return Template(body, self._definitions)

    # ---- tokens

    def _peek(self) -> Token:
        return self._tokens[self._position]

    def _next(self) -> Token:
        token = self._tokens[self._position]
        if token.type is not Type.END:
            self._position += 1
        return token

    def _skip_space(self) -> Token:
        """The next token that is no space, not taken yet."""
        while self._peek().type is Type.SPACE:
            self._position += 1
        return self._peek()

    def _is_sign(self, text: str) -> bool:
        return self._peek().type is Type.SIGN and self._peek().text == text

    def _close(self) -> None:
        token = self._skip_space()
        if token.type is not Type.CLOSE:
            raise self._invalid(f"unexpected {token.text!r}")
        self._next()

    def _invalid(self, what: str) -> TemplateSyntaxInvalid:
        return TemplateSyntaxInvalid(f"line {self._peek().line}: {what}", suggestion="Correct the template.")

    # ---- bodies

    def _body(self, *, top: bool = False) -> tuple[Body, str]:
        """Nodes up to `end` or `else`, and which of the two came."""
        nodes: list[Node] = []
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._invalid("the template is nested too deeply")
        ending = ""
        while not ending and self._peek().type is not Type.END:
            token = self._next()
            if token.type is Type.TEXT:
                nodes.append(Text(token.text))
                continue
            node, ending = self._action(top=top)
            if node is not None:
                nodes.append(node)
        self._depth -= 1
        return tuple(nodes), ending

    def _action(self, *, top: bool) -> tuple[Node | None, str]:
        token = self._skip_space()
        word = token.text if token.type is Type.WORD else ""
        if word in ("end", "else"):
            self._next()
            if word == "end":
                self._close()
            return None, word
        if word == "define":
            if not top or self._depth > 1:
                raise self._invalid("define stands inside of another action")
            self._next()
            self._define()
            return None, ""
        if word in ("if", "with", "range"):
            self._next()
            return self._branch(word), ""
        if word in ("block", "template"):
            self._next()
            return (self._block() if word == "block" else self._include()), ""
        if word in ("break", "continue"):
            self._next()
            self._close()
            if not self._loops:
                raise self._invalid(f"{{{{{word}}}}} stands outside of a range")
            return (Break() if word == "break" else Continue()), ""
        pipeline = self._pipeline(ends_at_close=True)
        return Action(pipeline), ""

    def _branch(self, word: str) -> Node:
        known = len(self._variables)
        pipeline = self._pipeline(ends_at_close=True, ranges=word == "range")
        self._loops += word == "range"
        body, ending = self._body()
        self._loops -= word == "range"
        otherwise: Body = ()
        if ending == "else":
            otherwise = self._otherwise(word)
        elif ending != "end":
            raise self._invalid(f"{{{{end}}}} of {word} is missing")
        del self._variables[known:]
        return _BRANCHES[word](pipeline, body, otherwise)

    def _otherwise(self, word: str) -> Body:
        token = self._skip_space()
        if token.type is Type.WORD and token.text in ("if", "with") and token.text == word:
            self._next()
            return (self._branch(word),)
        self._close()
        body, ending = self._body()
        if ending != "end":
            raise self._invalid(f"{{{{end}}}} of {word} is missing")
        return body

    def _define(self) -> None:
        name = self._name("define")
        self._close()
        self._definition(name)

    def _definition(self, name: str) -> None:
        outer, loops = self._variables, self._loops
        self._variables, self._loops = ["$"], 0
        body, ending = self._body()
        if ending != "end":
            raise self._invalid(f"{{{{end}}}} of {name!r} is missing")
        self._variables, self._loops = outer, loops
        if name not in self._definitions or not _is_empty(body):
            self._definitions[name] = body

    def _block(self) -> Node:
        line, name = self._peek().line, self._name("block")
        pipeline = self._pipeline(ends_at_close=True)
        self._definition(name)
        return Include(line, name, pipeline)

    def _include(self) -> Node:
        line, name = self._peek().line, self._name("template")
        pipeline = None
        if self._skip_space().type is Type.CLOSE:
            self._next()
        else:
            pipeline = self._pipeline(ends_at_close=True)
        return Include(line, name, pipeline)

    def _name(self, word: str) -> str:
        token = self._skip_space()
        if token.type not in (Type.STRING, Type.RAW):
            raise self._invalid(f"{word} needs a name in quotes")
        self._next()
        return self._text(token)

    # ---- pipelines

    def _pipeline(self, *, ends_at_close: bool, ranges: bool = False) -> Pipeline:
        line = self._skip_space().line
        declared, assigns = self._declaration(ranges=ranges)
        commands: list[Command] = []
        while True:
            token = self._skip_space()
            if (token.type is Type.CLOSE and ends_at_close) or (self._is_sign(")") and not ends_at_close):
                self._next()
                break
            commands.append(self._command())
        self._check(commands)
        # A new variable is known from here on, not in the pipeline that gives it its value.
        if not assigns:
            self._variables.extend(declared)
        return Pipeline(line, tuple(commands), declared, assigns)

    def _declaration(self, *, ranges: bool) -> tuple[tuple[str, ...], bool]:
        start, names = self._position, []
        while self._skip_space().type is Type.VARIABLE:
            names.append(self._next().text)
            token = self._skip_space()
            if token.type is Type.DECLARE or token.text == "=":
                if len(names) == 1 or (ranges and len(names) == 2):
                    self._next()
                    assigns = token.type is not Type.DECLARE
                    if assigns and not set(names) <= set(self._variables):
                        raise self._invalid(f"the variable {names[0]} is not known")
                    return tuple(names), assigns
                raise self._invalid("too many variables are declared")
            if token.text != "," or not ranges:
                break
            self._next()
        self._position = start
        return (), False

    def _check(self, commands: list[Command]) -> None:
        if not commands:
            raise self._invalid("a value is missing")
        for command in commands[1:]:
            if isinstance(command.operands[0], Constant | Nil | Dot):
                raise self._invalid("a pipeline hands its value to something that takes none")

    def _command(self) -> Command:
        operands: list[Operand] = []
        while True:
            self._skip_space()
            operand = self._operand()
            if operand is not None:
                operands.append(operand)
            token = self._peek()
            if token.type is Type.SPACE:
                continue
            if token.type is Type.CLOSE or self._is_sign(")"):
                break
            if self._is_sign("|"):
                self._next()
                break
            raise self._invalid(f"unexpected {token.text!r}")
        if not operands:
            raise self._invalid("a command is empty")
        return Command(tuple(operands))

    def _operand(self) -> Operand | None:
        token = self._peek()
        if self._is_sign("("):
            self._next()
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self._invalid("the template is nested too deeply")
            known = len(self._variables)
            inner: Operand = self._pipeline(ends_at_close=False)
            del self._variables[known:]
            self._depth -= 1
        elif token.type in (Type.CLOSE, Type.SIGN, Type.END, Type.DECLARE):
            return None
        else:
            self._next()
            inner = self._term(token)
        names = []
        while self._peek().type is Type.FIELD:
            names.append(self._next().text[1:])
        return self._with_fields(inner, tuple(names)) if names else inner

    def _with_fields(self, inner: Operand, names: tuple[str, ...]) -> Operand:
        if isinstance(inner, Field):
            return Field(inner.names + names)
        if isinstance(inner, Variable):
            return Variable(inner.name, names)
        if isinstance(inner, Pipeline | Nil):
            return Chain(inner, names)
        if isinstance(inner, Function):
            return Chain(Pipeline(self._peek().line, (Command((inner,)),)), names)
        raise self._invalid(f"a constant has no field .{names[0]}")

    def _term(self, token: Token) -> Operand:
        match token.type:
            case Type.WORD:
                return self._word(token.text)
            case Type.FIELD:
                return Field((token.text[1:],))
            case Type.DOT:
                return Dot()
            case Type.VARIABLE:
                if token.text not in self._variables:
                    raise self._invalid(f"the variable {token.text} is not known")
                return Variable(token.text)
            case Type.NUMBER:
                return self._number(token.text)
            case Type.CHARACTER:
                return Constant(ord(unquote_character(token.text, token.line)), token.text)
            case _:
                return Constant(self._text(token))

    def _word(self, word: str) -> Operand:
        if word in ("true", "false"):
            return Constant(word == "true")
        if word == "nil":
            return Nil()
        if word not in self._functions:
            raise self._invalid(f'function "{word}" not defined')
        return Function(word)

    def _number(self, text: str) -> Constant:
        integer = parse_integer(text)
        if integer is not None:
            return Constant(integer, text)
        if re.fullmatch(r"[+-]?0\d+", text):
            raise self._invalid(f"{text} is no number")
        try:
            return Constant(float(text.replace("_", "")), text)
        except ValueError as error:
            raise self._invalid(f"{text} is no number") from error

    @staticmethod
    def _text(token: Token) -> str:
        return token.text[1:-1].replace("\r", "") if token.type is Type.RAW else unquote(token.text, token.line)


def _is_empty(body: Body) -> bool:
    return all(isinstance(node, Text) and not node.text.strip() for node in body)
