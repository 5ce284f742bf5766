import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from altitude.composition.directory import config_directory
from altitude.sweeps.plan.composing import Composer
from tests.sweeps.conftest import loader_of, main_config

COMBINATIONS = {
    "nothing": [],
    "values": ["optimizer.learning_rate=3e-4", "callbacks.early_stopping.patience=2", "seed=7"],
    "texts": ["tracking.run_name='a b'", "tracking.experiment_name=true"],
    "groups": ["loop=tape", "model=cnn", "loop.clip_norm=1.0", "callbacks=[default,none]"],
    "recipe": ["experiment=clipped", "loop.clip_norm=0.5", "debug=quick"],
    "a group taken away": ["~callbacks", "seed=3"],
    "added": ["+mine={a: [1, 2], b: null}", "mine.a=[3]", "+loop.own=1"],
    "added or changed": ["++loop.clip_norm=2.0", "++mine.new=1", "loop=train_step"],
    "taken away": ["~callbacks.tensorboard", "~dataset.batch_size=128", "seed=1"],
    "changed, then taken away": ["callbacks.tensorboard.log_dir=x", "~callbacks.tensorboard"],
    "taken away, then added": ["~callbacks.tensorboard", "+callbacks.tensorboard={a: 1}"],
    "changed twice": ["loop=train_step", "loop.clip_norm=1.0", "++loop.clip_norm=2.0", "seed=1"],
    "lists": ["model.hidden_units=[64,32]", "model.hidden_units=[8]"],
    "dicts": ["objective.class_weight={0: 2.0}", "++tracking.tags={a: b}"],
    "null": ["dataset.limit=null", "callbacks.early_stopping=null"],
    "interpolations": ["seed=${dataset.batch_size}", "model.dropout=${loop.epochs}"],
    "hydra's own": ["hydra.job.chdir=true", "seed=5"],
}


@pytest.mark.parametrize("overrides", COMBINATIONS.values(), ids=COMBINATIONS)
def test_configs_are_what_hydra_composes(
    overrides: Sequence[str], loader: Any, main: DictConfig, compose: Composer
) -> None:
    expected = loader.load_sweep_config(main, list(overrides))
    found = compose(overrides)
    found.hydra.runtime.cwd = expected.hydra.runtime.cwd  # each test has its own
    assert list(found) == list(expected)
    for key in expected:
        assert repr(found._get_node(key)) == repr(expected._get_node(key)), key
    assert OmegaConf.is_struct(found)


def test_overrides_that_were_given_for_all_jobs_are_hydras_matter(loader: Any) -> None:
    main = main_config(loader, "hydra.job.chdir=true", "loop=tape")
    expected = loader.load_sweep_config(main, ["loop=tape", "seed=1"])
    assert repr(Composer(loader, main)(["loop=tape", "seed=1"])) == repr(expected)
    assert expected.hydra.job.chdir


def test_a_key_that_is_not_there_is_refused(compose: Composer) -> None:
    with pytest.raises(OmegaConfBaseException):
        compose(["optimizer.learning_rat=1e-3"])


def test_one_job_does_not_change_the_next(compose: Composer) -> None:
    compose(["objective.class_weight={0: 2.0}"]).optimizer.learning_rate = 5.0
    config = compose(["seed=1"])
    assert config.objective.class_weight is None
    assert config.optimizer.learning_rate == 1e-3


def test_editing_a_file_afterwards_changes_nothing(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(config_directory(), tmp_path / "conf"))
    loader = loader_of(str(folder))
    composed = Composer(loader, main_config(loader))

    def settings(rate: float) -> DictConfig:
        return composed(["loop=train_step", f"optimizer.learning_rate={rate}"])

    before = settings(0.1)
    for path in ("optimizer/adam.yaml", "loop/train_step.yaml", "config.yaml"):
        (folder / path).write_text("broken: [")
    assert repr(settings(0.1)) == repr(before)
    assert settings(0.2).optimizer.learning_rate == 0.2
