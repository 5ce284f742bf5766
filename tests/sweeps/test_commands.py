"""Printed commands: each composes again what the process composed that printed it."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_automatic_config_search_path, get_args_parser
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from altitude import cli
from altitude.composition.directory import config_directory
from altitude.sweeps.commands import command_line, sweep_command, training_command
from altitude.sweeps.plan.composing import Composer
from altitude.sweeps.plan.jobs import compose_jobs


@pytest.fixture(autouse=True)
def own_configs(working_folder: Path) -> None:
    """A primary config and options of the user's own, in folders that the flags name."""
    primary = "defaults: [config, _self_]\nseed: 5\n"
    files = {
        "conf/mine.yaml": primary,
        "conf/sweeping.yaml": f"{primary}hydra: {{mode: MULTIRUN}}\n",
        "conf/model/own.yaml": "_target_: altitude.models.Mlp\nhidden_units: [7]\n",
        "other/model/found.yaml": "_target_: altitude.models.Mlp\nhidden_units: [9]\n",
        "whole/config.yaml": (
            f"hydra: {{searchpath: ['file://{config_directory()}']}}\n"
            "defaults: [base, _self_]\nseed: 11\n"
        ),
        "whole/base.yaml": (config_directory() / "config.yaml").read_text(),
    }
    for name, text in files.items():
        path = working_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Invocation:
    """What Hydra composes of a command line, as its own `main` does."""

    def __init__(self, arguments: Sequence[str]) -> None:
        parsed = get_args_parser().parse_intermixed_args(list(arguments))
        path = parsed.config_path or str(config_directory())
        search_path = create_automatic_config_search_path(cli.__file__, None, path)
        if parsed.config_dir:
            folder = f"file://{os.path.abspath(parsed.config_dir)}"  # noqa: PTH100
            search_path.prepend("command-line", folder, SearchPathQuery(provider="schema"))
        self.hydra = Hydra.create_main_hydra2("altitude", search_path)
        self.overrides: list[str] = parsed.overrides
        name = parsed.config_name or "config"
        mode = self.hydra.get_mode(name, self.overrides, **self._parsed(name))
        self.is_sweep = parsed.multirun or mode is RunMode.MULTIRUN
        implied = [f"hydra.mode={'MULTIRUN' if self.is_sweep else 'RUN'}"] if mode is None else []
        self.config: DictConfig = self.hydra.compose_config(
            name,
            [*self.overrides, *implied],
            RunMode.MULTIRUN if self.is_sweep else RunMode.RUN,
            with_log_configuration=False,
        )
        GlobalHydra.instance().clear()

    def _parsed(self, name: str) -> dict[str, Any]:
        """What Hydra has parsed by then, since 1.4."""
        parse = getattr(self.hydra.config_loader, "parse_overrides", None)
        return {"parsed_overrides": parse(name, self.overrides)} if parse else {}

    def task(self) -> list[str]:
        return list(self.config.hydra.overrides.task)

    def composer(self) -> Composer:
        return Composer(self.hydra.config_loader, self.config)


def plain(config: DictConfig) -> Any:
    settings: Any = OmegaConf.to_container(config)
    return {key: value for key, value in settings.items() if key != "hydra"}


FLAGS = [
    [],
    ["--config-dir", "conf", "model=own"],
    ["--config-dir", "conf", "--config-name", "mine"],
    ["--config-path", "{folder}/whole"],
    ["--config-path", "{folder}/whole", "--config-dir", "conf", "model=own"],
    ["hydra.searchpath=[file://other]", "model=found"],
    ["--config-dir=conf", "hydra.searchpath=[file://other]", "-cn", "mine", "model=own,found"],
    ["experiment=lr_patience_clip"],
    ["--config-dir", "conf", "--config-name", "sweeping"],
    ["+dataset.note='two words'", "~callbacks.tensorboard", "hydra/launcher=basic"],
]


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_the_command_of_a_sweep_composes_the_same_again(
    flags: list[str], working_folder: Path
) -> None:
    typed = [flag.format(folder=working_folder) for flag in flags]
    first = Invocation(["-m", "seed=1,2", "sweep.fresh=true", *typed])
    program, *arguments = shlex.split(sweep_command(first.config, first.task()))
    again = Invocation(arguments)
    assert (program, again.is_sweep) == ("altitude", True)
    assert [*first.task()] == [again.task()[0], "sweep.fresh=true", *again.task()[1:]]
    assert plain(again.config) | {"sweep": 0} == plain(first.config) | {"sweep": 0}
    assert again.config.hydra.launcher == first.config.hydra.launcher


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_the_command_of_one_job_composes_that_job_again(
    flags: list[str], working_folder: Path
) -> None:
    typed = [flag.format(folder=working_folder).replace("own,found", "own") for flag in flags]
    sweep = Invocation(["-m", "seed=1,2", *typed])
    *_, job = compose_jobs(
        [(f"seed={seed}", *sweep.task()[1:]) for seed in (1, 2)], ["seed"], sweep.composer()
    )
    program, *arguments = shlex.split(training_command(job))
    alone = Invocation(arguments)
    assert (program, alone.is_sweep) == ("altitude", False)
    assert plain(alone.config) == plain(job.config)


def test_a_command_is_short_where_nothing_is_special() -> None:
    config = Invocation(["seed=3"]).config
    assert command_line(config, ["seed=3"]) == "altitude seed=3"


def test_the_command_that_goes_on_starts_nothing_anew() -> None:
    sweep = Invocation(["-m", "dataset=digits", "seed=1,2", "++sweep.fresh=true"])
    assert sweep_command(sweep.config, sweep.task()) == "altitude -m dataset=digits seed=1,2"


def test_one_job_of_a_recipe_that_is_a_sweep_is_trained_alone() -> None:
    sweep = Invocation(["experiment=lr_patience_clip", "seed=1,2"])
    overrides = ("experiment=lr_patience_clip", "seed=1")
    (job,) = compose_jobs([overrides], ["seed"], sweep.composer())
    assert training_command(job).endswith(" seed=1 hydra.mode=RUN")
