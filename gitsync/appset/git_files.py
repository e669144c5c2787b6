"""The git generator: one set of parameters for each directory, or for each file and what is written in it."""

from collections.abc import Iterable, Iterator
from typing import Any

from gitsync.appset.errors import GeneratorInvalid
from gitsync.appset.inputs import GeneratorInputs, GitAnswer, GitQuestion, answer
from gitsync.appset.path_glob import matches_directory, matches_file
from gitsync.appset.selector import flat_texts
from gitsync.appset.sprig.name import normalize
from gitsync.appset.yaml_values import load_yaml
from gitsync.manifest.object import JsonObject


def git_parameters(generator: JsonObject, inputs: GeneratorInputs, *, go_template: bool) -> list[dict[str, Any]]:
    tree: GitAnswer = answer(inputs, question_of(generator))
    prefix = generator.get("pathParamPrefix") or ""
    if generator.get("directories"):
        return [
            path_parameters(path, "", prefix, go_template=go_template)
            for path in chosen_directories(tree.directories, generator["directories"])
        ]
    if generator.get("files"):
        return list(_of_files(tree, generator, inputs, go_template=go_template))
    raise GeneratorInvalid("the git generator has neither directories nor files", suggestion="Add one of them.")


def question_of(generator: JsonObject) -> GitQuestion:
    """Directories win over files, as in Argo CD."""

    def included(entries: Iterable[JsonObject]) -> tuple[str, ...]:
        return tuple(entry.get("path") or "" for entry in entries if not entry.get("exclude"))

    directories = included(generator.get("directories") or ())
    files = () if generator.get("directories") else included(generator.get("files") or ())
    return GitQuestion(generator.get("repoURL") or "", generator.get("revision") or "HEAD", directories, files)


def chosen_directories(paths: tuple[str, ...], entries: list[JsonObject]) -> list[str]:
    """Those that one entry includes and none excludes. Directories that begin with a dot are never chosen."""
    included = [entry.get("path") or "" for entry in entries if not entry.get("exclude")]
    excluded = [entry.get("path") or "" for entry in entries if entry.get("exclude")]
    return [
        path
        for path in sorted(paths)
        if not any(part.startswith(".") for part in path.split("/"))
        and any(matches_directory(pattern, path) for pattern in included)
        and not any(matches_directory(pattern, path) for pattern in excluded)
    ]


def _of_files(
    tree: GitAnswer, generator: JsonObject, inputs: GeneratorInputs, *, go_template: bool
) -> Iterator[dict[str, Any]]:
    def fits(path: str, *, exclude: bool) -> bool:
        return any(
            matches_file(entry.get("path") or "", path, new_globbing=inputs.new_file_globbing)
            for entry in generator["files"]
            if bool(entry.get("exclude")) is exclude
        )

    prefix = generator.get("pathParamPrefix") or ""
    for path in sorted(tree.files):
        if fits(path, exclude=False) and not fits(path, exclude=True):
            directory, _, name = path.rpartition("/")
            place = path_parameters(directory or ".", name, prefix, go_template=go_template)
            for content in _contents(tree.files[path], path):
                yield {**(content if go_template else flat_texts(content)), **place}


def _contents(data: bytes, path: str) -> list[JsonObject]:
    try:
        value = load_yaml(data.decode("utf-8-sig"), file=path)
    except UnicodeDecodeError as error:
        raise GeneratorInvalid(f"{path} is no UTF-8", suggestion="Save the file as UTF-8.") from error
    contents = value if isinstance(value, list) else [value if value is not None else {}]
    if not all(isinstance(content, dict) for content in contents):
        raise GeneratorInvalid(f"{path} holds neither a map nor a list of maps", suggestion="Correct the file.")
    return contents


def path_parameters(directory: str, filename: str, prefix: str, *, go_template: bool) -> dict[str, Any]:
    segments = directory.split("/")
    basename = segments[-1]
    path: dict[str, Any] = {"path": directory, "basename": basename, "basenameNormalized": normalize(basename)}
    if filename:
        path |= {"filename": filename, "filenameNormalized": normalize(filename)}
    if go_template:
        parameters: dict[str, Any] = {"path": {**path, "segments": segments}}
        return {prefix: parameters} if prefix else parameters
    name = f"{prefix}.path" if prefix else "path"
    numbered = {f"{name}[{position}]": part for position, part in enumerate(segments) if part}
    return {name: directory, **{f"{name}.{key}": value for key, value in path.items() if key != "path"}, **numbered}
