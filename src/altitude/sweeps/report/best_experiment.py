"""The config of one job as a recipe for `conf/experiment`, which trains its model again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from hydra import compose
from omegaconf import DictConfig, OmegaConf

from altitude.composition.source import ConfigSource
from altitude.internals.hydra import hydra_with
from altitude.internals.hydra_loading import CachingLoader

GROUPS = ("dataset", "model", "optimizer", "objective", "loop", "callbacks", "strategy")
"""Groups whose choices a recipe names, in the order of the config."""

LEFT_OUT = ("hydra", "tracking", "output_dir", "sweep")
"""Keys that do not decide what is trained."""

NULLABLE = "callbacks"
"""The group whose entries are taken away by null."""

Settings = dict[str, Any]


def experiment_file(
    config: DictConfig,
    choices: Mapping[str, str | None],
    header: str,
    config_dir: str | Path | None = None,
) -> str:
    """Writes a job's config as a recipe: composed again, it trains the same model.

    Only what differs from the choices alone is written. A group of which something was deleted, or
    whose choice is not found, is written in full, and names no choice.

    Args:
        config: The composed config. Interpolations are kept as they are.
        choices: The chosen option of each group, as in `hydra.runtime.choices`.
        header: The comment at the top of the file.
        config_dir: A folder with config groups of the user's own.

    Returns:
        The text of a YAML file for `conf/experiment`.
    """
    target = _plain(config)
    base, unknown = _composed({g: choices.get(g) for g in GROUPS}, config_dir)
    chosen = {g: choices.get(g) for g in GROUPS if g in choices or g in base}
    for group, choice in chosen.items():
        if choice is None or group in unknown or not _restored(group, base, target):
            chosen[group] = None
            base.pop(group, None)
    overrides = [{f"override /{group}": choice} for group, choice in chosen.items()]
    text = OmegaConf.to_yaml(OmegaConf.create({"defaults": overrides} | _changes(base, target)))
    comment = "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines())
    return f"# @package _global_\n{comment}{text}"


def _composed(
    chosen: Mapping[str, str | None], config_dir: str | Path | None
) -> tuple[Settings, set[str]]:
    """What choices alone compose to, and those of them that are not found."""
    source = ConfigSource(config_dir)
    loader = CachingLoader(source.search_path())
    exists = loader.repository.config_exists
    known = {g: c for g, c in chosen.items() if c is not None and exists(f"{g}/{c}")}
    with hydra_with(loader):
        config = compose(source.config_name, [f"{g}={c}" for g, c in known.items()])
    return _plain(config), {g for g, c in chosen.items() if c is not None and g not in known}


def _plain(config: DictConfig) -> Settings:
    settings = cast("Settings", OmegaConf.to_container(config, resolve=False))
    return {key: value for key, value in settings.items() if key not in LEFT_OUT}


def _changes(base: Settings, target: Settings) -> Settings:
    """What has to be merged into the base to get the target; keys cannot be deleted so."""
    changes = cast("Settings", _difference(base, target))
    callbacks, kept = base.get(NULLABLE), target.get(NULLABLE)
    if isinstance(callbacks, dict) and isinstance(kept, dict):
        removed = {name: None for name in callbacks if name not in kept}
        if removed:
            changes[NULLABLE] = removed | changes.get(NULLABLE, {})
    return changes


def _difference(base: Any, target: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(target, dict):
        return target
    return {
        key: _difference(base.get(key), value)
        for key, value in target.items()
        # True is not 1 here, and the order of keys counts: that of callbacks matters.
        if key not in base or repr(base[key]) != repr(value)
    }


def _restored(group: str, base: Settings, target: Settings) -> bool:
    """Whether the changes turn what was composed for a group into what it is to be."""
    if group not in base or group not in target:
        return group not in base and group not in target
    before, after = {group: base[group]}, {group: target[group]}
    merged = OmegaConf.merge(before, _changes(before, after))
    found = cast("Settings", OmegaConf.to_container(merged, resolve=False))
    return repr(_without_nulls(found)) == repr(_without_nulls(after))


def _without_nulls(settings: Settings) -> Settings:
    callbacks = settings.get(NULLABLE)
    if not isinstance(callbacks, dict):
        return settings
    return settings | {NULLABLE: {k: v for k, v in callbacks.items() if v is not None}}
