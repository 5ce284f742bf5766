"""Compositions are the same with the cache and without it, and a changed file is seen."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf

from altitude.composition.source import ConfigSource
from altitude.internals.hydra import store
from altitude.internals.hydra_loading import CachingLoader
from tests.processes import run_python


def composed(loader: ConfigLoaderImpl, overrides: Sequence[str], name: str = "config") -> Any:
    return loader.load_configuration(name, list(overrides), RunMode.RUN)


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["loop=tape", "loop.epochs=3", "+loop.step.label_smoothing=0.1"],
        ["loop.epochs=3", "~callbacks", "hydra/job_logging=none"],
        ["experiment=lr_patience_clip", "hydra.mode=RUN"],
        ["+model@second=cnn", "++seed=4", "++hydra.job.env_set.A=b"],
        ["+dataset.other={_target_: a.b, x: [1, {y: 2}]}"],
    ],
)
def test_a_composition_is_the_same_as_hydras(overrides: list[str]) -> None:
    path = ConfigSource().search_path()
    expected = composed(ConfigLoaderImpl(path), overrides)
    for _ in range(2):  # the second one from the cache
        config = composed(CachingLoader(path), overrides)
        assert OmegaConf.to_yaml(config) == OmegaConf.to_yaml(expected)
        for key in ("", "hydra.job", "loop", "dataset"):
            node, other = OmegaConf.select(config, key), OmegaConf.select(expected, key)
            assert OmegaConf.get_type(node) is OmegaConf.get_type(other)
            assert (OmegaConf.is_struct(node), OmegaConf.is_readonly(node)) == (
                OmegaConf.is_struct(other),
                OmegaConf.is_readonly(other),
            )


@pytest.mark.parametrize("override", ["model=nope", "sed=1", "=", "loop=[1]", "+seed=1", "~nope"])
def test_a_refusal_is_the_same_as_hydras(override: str) -> None:
    path = ConfigSource().search_path()
    with pytest.raises((HydraException, AssertionError, ValueError, TypeError)) as expected:
        composed(ConfigLoaderImpl(path), [override])
    for _ in range(2):
        with pytest.raises(expected.type) as refusal:
            composed(CachingLoader(path), [override])
        assert str(refusal.value) == str(expected.value)


def test_defaults_that_are_interpolations_are_resolved(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("defaults: [config, {model@second: '${loop}'}, _self_]\n")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "fit.yaml").write_text("width: 7\n")
    path = ConfigSource(tmp_path, "mine").search_path()
    assert composed(CachingLoader(path), ["loop=fit"], "mine").second.width == 7


def test_what_is_composed_belongs_to_the_caller() -> None:
    path = ConfigSource().search_path()
    composed(CachingLoader(path), []).loop.epochs = 77
    assert composed(CachingLoader(path), []).loop.epochs != 77


def test_a_changed_file_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    path = ConfigSource(tmp_path, "mine").search_path()
    for seed in (5, 6, 1234):
        file.write_text(f"defaults: [config, _self_]\nseed: {seed}\n")
        os.utime(file, ns=(seed, seed))
        assert composed(CachingLoader(path), [], "mine").seed == seed


def test_a_file_that_hides_another_is_seen(tmp_path: Path) -> None:
    first, second = tmp_path / "first" / "mine.yaml", tmp_path / "second" / "mine.yaml"
    for file in (first, second):
        file.parent.mkdir()
    path = ConfigSource(second.parent, "mine", str(first.parent)).search_path()
    second.write_text("seed: 2\n")
    assert composed(CachingLoader(path), [], "mine").seed == 2
    first.write_text("seed: 1\n")
    assert composed(CachingLoader(path), [], "mine").seed == 1
    first.unlink()
    assert composed(CachingLoader(path), [], "mine").seed == 2


def test_a_changed_node_of_the_store_is_seen() -> None:
    path = ConfigSource().search_path()
    for seed in (1, 2):
        store("stored", {"defaults": ["config", "_self_"], "seed": seed})
        assert composed(CachingLoader(path), [], "stored").seed == seed


def test_files_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    path = ConfigSource().search_path()
    composed(CachingLoader(path), ["loop=fit"])
    monkeypatch.delattr(FileConfigSource, "load_config")
    composed(CachingLoader(path), ["loop=fit", "seed=3"])


COUNT = """
import sys
from omegaconf import DictConfig
from altitude.cli import main

copies, copy = [], DictConfig.__deepcopy__
DictConfig.__deepcopy__ = lambda node, memo: copies.append(node) or copy(node, memo)
sys.argv[0] = "altitude"
try:
    main()
finally:
    print(len(copies))
"""


def test_help_does_not_copy_the_store_for_every_group_that_it_lists(tmp_path: Path) -> None:
    page = run_python("-c", COUNT, "--help", folder=tmp_path)
    assert int(page.stdout.splitlines()[-1]) < 1000  # one copy for each group makes 6,000
