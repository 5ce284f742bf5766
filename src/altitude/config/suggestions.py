"""Suggests known keys in place of unknown ones."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from omegaconf import DictConfig, OmegaConf

from altitude.errors import SUGGESTION

SYNONYMS: Mapping[str, str] = {
    "batch_size": "batch batchsize bs",
    "clip_norm": "clip clipnorm grad_clip gradient_clip",
    "dataset": "data",
    "early_stopping": "es",
    "epochs": "epoch max_epochs n_epochs num_epochs",
    "hidden_units": "hidden layers units",
    "jit_compile": "jit xla",
    "learning_rate": "lr rate",
    "metrics": "metric",
    "model": "arch net network",
    "n_trials": "trials",
    "optimizer": "opt optim",
    "precision": "dtype mixed_precision",
    "run_eagerly": "eager",
    "run_name": "name",
    "seed": "random_seed random_state",
    "validation_size": "val_split validation_split",
    "weight_decay": "decay l2 wd",
}
"""Common synonyms for the last part of a key, separated by spaces."""

ABBREVIATIONS = {word: name for name, words in SYNONYMS.items() for word in words.split()}

UNKNOWN = "an unknown key"
"""What is said to be given, where a key is wrong and not its value."""

MOST = 2
"""The largest number of suggested keys."""


def suggested_keys(key: str, config: DictConfig) -> list[str]:
    """Returns the known keys that are most similar to an unknown one.

    Args:
        key: A dotted key, or a part of one, such as `lr`, `optimizer.lr` or `patience`.
        config: The composed config.

    Returns:
        Keys of the config, the likeliest first: those with that last part, in the place that was
        named if there is one; else those that are spelled alike.
    """
    known = sorted(k for k in keys_of(config) if k != key and not k.startswith(f"{key}."))
    place, _, last = key.rpartition(".")
    name = ABBREVIATIONS.get(last.lower(), last)
    same = [k for k in known if k.rpartition(".")[2] == name]
    siblings = [k for k in known if k.rpartition(".")[0] == place]
    beside = _with_last_part(name, siblings, cutoff=0.6)
    if place and siblings:
        found = beside or same
    elif place:
        found = _alike(key, known) or same
    else:
        found = same or beside or _with_last_part(name, known, cutoff=0.75)
    return found[:MOST]


def did_you_mean_one_of(keys: Sequence[str]) -> str:
    """Returns the suggestion "did you mean `one` or `another`?", empty where there is none.

    Args:
        keys: The keys to suggest.
    """
    return f"{SUGGESTION} {' or '.join(f'`{key}`' for key in keys)}?" if keys else ""


def keys_of(node: DictConfig) -> Iterator[str]:
    """Yields all dotted keys below a node, except those of Hydra.

    Args:
        node: A composed config.

    Yields:
        A key.
    """
    plain: Any = OmegaConf.to_container(node)
    yield from _keys({name: value for name, value in plain.items() if name != "hydra"})


def _keys(settings: Mapping[Any, Any], prefix: str = "") -> Iterator[str]:
    for name, value in settings.items():  # names may be numbers, in a mapping of classes
        key = f"{prefix}{name}"
        yield key
        if isinstance(value, Mapping):
            yield from _keys(value, f"{key}.")


def _with_last_part(name: str, known: Sequence[str], cutoff: float) -> list[str]:
    """The keys whose last part is closest to a name."""
    last_parts = {k: k.rpartition(".")[2] for k in known}
    close = get_close_matches(name, sorted(set(last_parts.values())), n=1, cutoff=cutoff)
    return [k for k, last in last_parts.items() if last in close]


def _alike(key: str, known: Sequence[str]) -> list[str]:
    return get_close_matches(key, known, n=1, cutoff=0.6)
