"""Who selects whom, found by one label instead of by looking at everybody."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from model.identity import ResourceKey

_Label = tuple[str, str, str]  # namespace, label, value


class LabelIndex:
    """Objects by their labels, and selectors by one of theirs."""

    def __init__(self) -> None:
        self._labels: dict[ResourceKey, Mapping[str, str]] = {}
        self._labelled: dict[_Label, dict[ResourceKey, None]] = defaultdict(dict)
        self._selectors: dict[ResourceKey, Mapping[str, str]] = {}
        self._selecting: dict[_Label, dict[ResourceKey, None]] = defaultdict(dict)

    def put(self, key: ResourceKey, labels: Mapping[str, str] | None) -> None:
        """The object now has these labels; None: it is gone."""
        if self._labels.get(key) == labels:
            return
        for label, value in self._labels.pop(key, {}).items():
            _drop(self._labelled, (key.namespace, label, value), key)
        if labels is not None:
            self._labels[key] = labels
            for label, value in labels.items():
                self._labelled[key.namespace, label, value][key] = None

    def put_selector(self, key: ResourceKey, selector: Mapping[str, str] | None) -> None:
        """The object now selects by these labels; None or empty: nothing any more."""
        old = self._selectors.pop(key, None)
        if old:
            _drop(self._selecting, _first(key, old), key)
        if selector:
            self._selectors[key] = selector
            self._selecting[_first(key, selector)][key] = None

    def selected_by(self, key: ResourceKey) -> list[ResourceKey]:
        """Objects that the selector of `key` matches."""
        selector = self._selectors.get(key)
        if not selector:
            return []
        candidates = self._labelled.get(_first(key, selector), {})
        return sorted(each for each in candidates if _matches(selector, self._labels[each]))

    def selecting(self, namespace: str, labels: Mapping[str, str]) -> Iterable[ResourceKey]:
        """Objects whose selector matches these labels."""
        for label, value in labels.items():
            for key in tuple(self._selecting.get((namespace, label, value), ())):
                if _matches(self._selectors[key], labels):
                    yield key


def _matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(label) == value for label, value in selector.items())


def _first(key: ResourceKey, selector: Mapping[str, str]) -> _Label:
    label = min(selector)
    return key.namespace, label, selector[label]


def _drop(index: dict[_Label, dict[ResourceKey, None]], place: _Label, key: ResourceKey) -> None:
    keys = index.get(place)
    if keys is not None:
        keys.pop(key, None)
        if not keys:
            del index[place]
