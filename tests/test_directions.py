import inspect
from typing import Any

import pytest

from altitude.directions import mode_of_class, mode_of_name

ARGUMENTS: tuple[dict[str, Any], ...] = (
    {},
    {"num_classes": 2},
    {"num_classes": 2, "target_class_ids": [0]},
    *({name: 0.5} for name in ("precision", "recall", "specificity", "sensitivity")),
)
"""One of these makes a metric of each of Keras' classes."""


def built(cls: Any) -> Any:
    accepted = inspect.signature(cls).parameters.items()
    needed = {name for name, p in accepted if p.default is p.empty}
    return cls(**next(a for a in ARGUMENTS if needed <= set(a) <= dict(accepted).keys()))


def test_classes_have_the_direction_that_keras_gives_them() -> None:
    import keras

    checked = 0
    for name, cls in vars(keras.metrics).items():
        if inspect.isclass(cls) and issubclass(cls, keras.metrics.Metric):
            if name in ("Metric", "MeanMetricWrapper"):
                continue
            direction = getattr(built(cls), "_direction", None)
            if direction is not None:
                expected = {"up": "max", "down": "min"}[direction]
                assert (name, mode_of_class(f"keras.metrics.{name}")) == (name, expected)
                checked += 1
    assert checked > 25


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("val_loss", "min"),
        ("best_val_d_loss", "min"),
        ("test_mae", "min"),
        ("epoch_seconds", "min"),
        ("val_accuracy", "max"),
        ("val_f1_score", "max"),
        ("val_return", "max"),
        ("val_brier_score", None),
        ("val_agreement", None),
        ("grad_norm", None),
    ],
)
def test_names(name: str, mode: str | None) -> None:
    assert mode_of_name(name) == mode


def test_classes_of_others_have_none() -> None:
    assert mode_of_class("mine.MacroF1") is None
    assert mode_of_class("keras.losses.CosineSimilarity") == "min"
