import numpy as np
import pytest
from pydantic import ValidationError

from altitude.data import Digits, LabelSpec


def test_its_images_and_labels() -> None:
    splits = Digits().load()
    assert splits.train.x.shape == (1500, 8, 8)
    assert splits.test.x.shape == (297, 8, 8)
    assert splits.train.x.dtype == np.uint8
    assert (splits.train.x.min(), splits.train.x.max()) == (0, 16)
    assert set(splits.train.y) == set(range(10))


def test_validation_is_split_off_and_the_rest_is_limited() -> None:
    splits = Digits(limit=100).split()
    assert splits.validation is not None
    assert [len(s) for s in (splits.train, splits.validation, splits.test)] == [100, 250, 297]


def test_what_is_declared_is_true() -> None:
    dataset = Digits()
    splits = dataset.load()
    assert dataset.declared.num_examples == len(splits.train)
    assert dataset.declared.labels == LabelSpec("integer", int(splits.train.y.max()) + 1)
    assert dataset.name == "digits"


def test_images_reach_the_model_between_0_and_1() -> None:
    pipelines = Digits(limit=64).build(seed=0, class_weight=None)
    x, _ = next(iter(pipelines.train))
    assert float(x.numpy().max()) == 1.0


@pytest.mark.parametrize(
    "settings", [{"batch_size": 0}, {"limit": 0}, {"validation_size": -1}, {"one_hot": 1}]
)
def test_settings_are_checked_without_a_config(settings: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=next(iter(settings))):
        Digits(**settings)  # type: ignore[arg-type]
