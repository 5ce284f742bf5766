"""Schemas for arguments of Keras classes, which are checked without importing Keras."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from altitude.validation import (
    Count,
    Flag,
    Fraction,
    NonNegative,
    NonNegativeCount,
    Positive,
)

_LENIENT = ConfigDict(extra="allow", allow_inf_nan=False)
_OpenFraction = Annotated[float, Field(gt=0, lt=1)]


class OptimizerArguments(BaseModel):
    """Schema of the arguments that Keras optimizers share."""

    model_config = _LENIENT

    learning_rate: Positive | dict[str, Any] = 1e-3
    weight_decay: NonNegative | None = None
    clipnorm: Positive | None = None
    clipvalue: Positive | None = None
    global_clipnorm: Positive | None = None
    use_ema: Flag = False
    ema_momentum: Annotated[float, Field(ge=0, le=1)] = 0.99
    ema_overwrite_frequency: Count | None = None
    gradient_accumulation_steps: Annotated[int, Field(ge=2)] | None = None
    nesterov: Flag = False
    amsgrad: Flag = False
    momentum: Annotated[float, Field(ge=0, le=1)] = 0.0
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    rho: Fraction = 0.9
    epsilon: NonNegative | None = 1e-7


class CallbackArguments(BaseModel):
    """Schema of the arguments that Keras callbacks share."""

    model_config = _LENIENT

    monitor: str | None = "val_loss"
    mode: Literal["min", "max"] | None = "min"
    patience: NonNegativeCount = 0
    restore_best_weights: Flag = False
    save_best_only: Flag = False
    factor: _OpenFraction = 0.1
    min_lr: NonNegative = 0.0
    min_delta: float = 0.0
    cooldown: NonNegativeCount = 0
    baseline: float | None = None
    start_from_epoch: NonNegativeCount = 0
    histogram_freq: NonNegativeCount = 0


class LossArguments(BaseModel):
    """Schema of the arguments that Keras losses share."""

    model_config = _LENIENT

    from_logits: Flag = False
    label_smoothing: Fraction = 0.0
