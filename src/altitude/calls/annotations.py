"""Inspects the annotations of settings classes."""

import dataclasses
import types
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints


def annotations_of(cls: Any) -> dict[str, Any]:
    """Returns the annotation of each setting of a class, by its name.

    A name that cannot be resolved here, such as one that is imported for type checkers alone,
    leaves all of them out.
    """
    try:
        return get_type_hints(cls if dataclasses.is_dataclass(cls) else cls.__init__)
    except (NameError, TypeError, AttributeError):
        return {}


def parts_of(annotation: Any) -> set[Any]:
    """Returns all classes in an annotation: those of a union, and of what a container holds.

    `Callable` stands for anything that is to be called, `Any` for what is not restricted.

    Args:
        annotation: A type annotation, or its text where it was not evaluated.

    Returns:
        The classes; empty for a `Literal`.
    """
    origin = get_origin(annotation)
    if Callable in (annotation, origin):
        return {Callable}
    if annotation in (Any, object) or isinstance(annotation, str):
        return {Any}
    if origin is Annotated:
        return parts_of(get_args(annotation)[0])
    if origin is Literal:
        return set()
    if origin is None:
        return {annotation} if isinstance(annotation, type) else {Any}
    arguments = [part for part in get_args(annotation) if part is not Ellipsis]
    return {origin}.union(*map(parts_of, arguments))


def settings_named(names: Iterable[Any], annotation: Any) -> dict[str, Any]:
    """Returns the annotations of the settings class that a plain mapping stands for.

    Args:
        names: The keys of the mapping.
        annotation: What the mapping is given for.

    Returns:
        Empty, if the names are not those of the settings of a dataclass in the annotation.
    """
    for part in parts_of(annotation):
        annotations = annotations_of(part) if dataclasses.is_dataclass(part) else {}
        if annotations and annotations.keys() >= set(names):
            return annotations
    return {}


def is_kind(part: Any) -> bool:
    """Returns whether a part of an annotation is a class of objects that a config may describe.

    Args:
        part: A member of what `parts_of` returned.
    """
    return isinstance(part, type) and part.__module__ not in ("builtins", "typing", types.__name__)
