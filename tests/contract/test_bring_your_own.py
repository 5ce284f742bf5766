"""Model classes that users already have train as they are, and leave a plain model behind."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from altitude import ConfigError, Experiment, RunResult, compose, run
from altitude.data import Digits
from tests.contract.test_parity import final_weights, metrics_of
from tests.processes import run_altitude, run_python

# The classes are those of the Keras guide "Customizing what happens in fit()" and of a course.
MODULE = """
import keras
import tensorflow as tf
from keras import layers


def network(spec):
    inputs = keras.Input(shape=spec.input_shape)
    x = layers.Flatten()(inputs)
    x = layers.Dense(16, activation="relu")(x)
    outputs = layers.Dense(10)(x)
    return keras.Model(inputs, outputs)


class CustomModel(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        trainable_vars = self.trainable_variables
        gradients = tape.gradient(loss, trainable_vars)
        self.optimizer.apply_gradients(zip(gradients, trainable_vars))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


class OwnMetrics(keras.Model):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.mae_metric = keras.metrics.MeanAbsoluteError(name="mae")

    def train_step(self, data):
        x, y = data
        y = tf.one_hot(y, 10)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = keras.losses.mean_squared_error(y, y_pred)
        trainable_vars = self.trainable_variables
        gradients = tape.gradient(loss, trainable_vars)
        self.optimizer.apply_gradients(zip(gradients, trainable_vars))
        self.loss_tracker.update_state(loss)
        self.mae_metric.update_state(y, y_pred)
        return {"loss": self.loss_tracker.result(), "mae": self.mae_metric.result()}

    @property
    def metrics(self):
        return [self.loss_tracker, self.mae_metric]


class ClippedModel(keras.Model):
    def __init__(self, *args, clip_norm=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.clip_norm = clip_norm
        self.grad_norm_tracker = keras.metrics.Mean(name="grad_norm")

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        grads = tape.gradient(loss, self.trainable_variables)
        clipped, global_norm = tf.clip_by_global_norm(grads, self.clip_norm)
        self.optimizer.apply_gradients(zip(clipped, self.trainable_variables))
        self.grad_norm_tracker.update_state(global_norm)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            elif metric.name != "grad_norm":
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}

    @property
    def metrics(self):
        return super().metrics + [self.grad_norm_tracker]


class OwnEvaluation(keras.Model):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen = keras.metrics.Sum(name="seen")

    def test_step(self, data):
        self.seen.update_state(tf.ones(tf.shape(data[1])))
        return {"seen": self.seen.result()}


class WithLayers(keras.Model):
    train_step = CustomModel.train_step

    def __init__(self, units):
        super().__init__()
        self.flatten = layers.Flatten()
        self.hidden = layers.Dense(units, activation="relu")
        self.last = layers.Dense(10)

    def call(self, inputs):
        return self.last(self.hidden(self.flatten(inputs)))


def discriminator():
    return keras.Sequential(
        [
            keras.Input(shape=(8, 8)),
            layers.Flatten(),
            layers.Dense(8),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(1),
        ],
        name="discriminator",
    )


def generator(latent_dim):
    return keras.Sequential(
        [
            keras.Input(shape=(latent_dim,)),
            layers.Dense(8 * 8, activation="sigmoid"),
            layers.Reshape((8, 8)),
        ],
        name="generator",
    )


class GAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    def train_step(self, real_images):
        if isinstance(real_images, tuple):
            real_images = real_images[0]
        batch_size = tf.shape(real_images)[0]
        random_latent_vectors = tf.random.normal(shape=(batch_size, self.latent_dim))
        generated_images = self.generator(random_latent_vectors)
        combined_images = tf.concat([generated_images, real_images], axis=0)
        labels = tf.concat(
            [tf.ones((batch_size, 1)), tf.zeros((batch_size, 1))], axis=0
        )
        labels += 0.05 * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            predictions = self.discriminator(combined_images)
            d_loss = self.loss_fn(labels, predictions)
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(
            zip(grads, self.discriminator.trainable_weights)
        )
        random_latent_vectors = tf.random.normal(shape=(batch_size, self.latent_dim))
        misleading_labels = tf.zeros((batch_size, 1))
        with tf.GradientTape() as tape:
            predictions = self.discriminator(self.generator(random_latent_vectors))
            g_loss = self.loss_fn(misleading_labels, predictions)
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights))
        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(g_loss)
        return {
            "d_loss": self.d_loss_tracker.result(),
            "g_loss": self.g_loss_tracker.result(),
        }
"""


def of_inputs_and_outputs(name: str, **arguments: Any) -> dict[str, Any]:
    return {
        "_target_": "altitude.models.Subclassed",
        "model_class": {"_target_": f"their_models.{name}", **arguments},
        "network": {"_target_": "their_models.network"},
    }


ADAM = {"_target_": "keras.optimizers.Adam", "learning_rate": 0.001}
LOSS = {"_target_": "keras.losses.BinaryCrossentropy", "from_logits": True}
GAN = {
    "_target_": "altitude.models.Subclassed",
    "model_class": {
        "_target_": "their_models.GAN",
        "discriminator": {"_target_": "their_models.discriminator"},
        "generator": {"_target_": "their_models.generator", "latent_dim": 4},
        "latent_dim": 4,
    },
    "saved": "generator",
}
CONFIGS: dict[str, Any] = {
    "model/custom": of_inputs_and_outputs("CustomModel"),
    "model/own_metrics": of_inputs_and_outputs("OwnMetrics"),
    "model/clipped": of_inputs_and_outputs("ClippedModel", clip_norm=0.5),
    "model/own_evaluation": of_inputs_and_outputs("OwnEvaluation"),
    "model/with_layers": {
        "_target_": "altitude.models.Subclassed",
        "model_class": {"_target_": "their_models.WithLayers", "units": 16},
    },
    "model/unwrapped": {"_target_": "their_models.WithLayers", "units": 16},
    "model/their_gan": GAN,
    "model/misnamed": GAN | {"saved": "generatr"},
    "optimizer/two": {"d_optimizer": ADAM, "g_optimizer": ADAM | {"learning_rate": 0.01}},
    "objective/loss_fn": {"loss_fn": LOSS},
    "callbacks/on_d_loss": {
        "early_stopping": {
            "_target_": "keras.callbacks.EarlyStopping",
            "monitor": "d_loss",
            "mode": "min",
            "patience": 2,
            "min_delta": 100.0,
        },
        "model_checkpoint": {
            "_target_": "keras.callbacks.ModelCheckpoint",
            "filepath": "${output_dir}/best.keras",
            "monitor": "d_loss",
            "mode": "min",
            "save_best_only": True,
        },
        "reduce_lr_on_plateau": {
            "_target_": "keras.callbacks.ReduceLROnPlateau",
            "monitor": "d_loss",
            "mode": "min",
            "factor": 0.5,
            "patience": 1,
            "min_delta": 100.0,
        },
    },
    "callbacks/on_grad_norm": {
        "early_stopping": {
            "_target_": "keras.callbacks.EarlyStopping",
            "monitor": "grad_norm",
            "mode": "min",
            "patience": 1,
            "min_delta": 100.0,
            "restore_best_weights": True,
        },
    },
}

SUPERVISED = (
    pytest.param("custom", marks=pytest.mark.slow),
    "clipped",
    pytest.param("with_layers", marks=pytest.mark.slow),
    pytest.param("own_metrics", marks=pytest.mark.slow),
)
THEIR_GAN = ("model=their_gan", "optimizer=two", "objective=loss_fn")
SETTINGS = (
    "dataset=digits",
    "dataset.limit=300",
    "dataset.batch_size=64",
    "loop.epochs=2",
    "loop.steps_per_execution=2",
)


@pytest.fixture(autouse=True)
def theirs(working_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user has: a module with model classes, and a folder with config groups."""
    (working_folder / "their_models.py").write_text(MODULE)
    for name, config in CONFIGS.items():
        file = working_folder / "conf" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(config))  # which is YAML as well
    monkeypatch.syspath_prepend(str(working_folder))


def composed(*overrides: str) -> Experiment:
    chosen = {"callbacks": "none", "tracking": "none"}
    defaults = [f"{key}={value}" for key, value in chosen.items()]
    given = {override.partition("=")[0] for override in overrides}
    kept = [text for text in (*defaults, *SETTINGS) if text.partition("=")[0] not in given]
    return compose([*kept, *overrides], config_dir="conf")


def arguments_for(model: str) -> list[str]:
    return [f"model={model}", *(["objective=none"] if model == "own_metrics" else [])]


OPEN_PLAINLY = """
import sys
import keras
import numpy as np
path, inputs, outputs = sys.argv[1:]
model = keras.models.load_model(path)
np.save(outputs, model.predict(np.load(inputs), verbose=0))
assert not {"altitude", "their_models"} & set(sys.modules)
"""


def predicted_in_a_plain_process(path: Path, inputs: np.ndarray[Any, Any]) -> Any:
    """What a process makes of `best.keras` that cannot import the user's module."""
    folder = path.parent
    np.save(folder / "inputs.npy", inputs)
    files = [str(folder / name) for name in ("inputs.npy", "outputs.npy")]
    process = run_python("-P", "-c", OPEN_PLAINLY, str(path), *files, folder=folder, PYTHONPATH="")
    assert process.returncode == 0, process.stderr
    return np.load(folder / "outputs.npy")


@pytest.mark.parametrize("model", SUPERVISED)
def test_a_class_trains_as_it_is_and_alike_at_every_altitude(model: str) -> None:
    runs = [
        final_weights(composed(*arguments_for(model), f"loop={loop}"))
        for loop in ("train_step", "tape")
    ]
    (weights, result), (others, other_result) = runs
    for expected, found in zip(weights, others, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert metrics_of(other_result) == metrics_of(result)
    assert result.metrics_by_epoch["loss"][1] < result.metrics_by_epoch["loss"][0]


@pytest.mark.slow
def test_a_class_with_a_test_step_alone_is_evaluated_with_it_at_every_altitude() -> None:
    loops = ("fit", "train_step", "tape")
    runs = [run(composed("model=own_evaluation", f"loop={loop}")) for loop in loops]
    for result in runs:
        assert result.metrics_by_epoch["val_seen"] == [250.0, 250.0]
        assert result.metrics_by_epoch["loss"] == runs[0].metrics_by_epoch["loss"]


@pytest.mark.slow
def test_under_fit_its_own_step_runs_just_so() -> None:
    results = [run(composed("model=clipped", f"loop={loop}")) for loop in ("fit", "train_step")]
    assert metrics_of(results[0]) == metrics_of(results[1])
    assert "grad_norm" in results[0].metrics_by_epoch


@pytest.mark.slow
def test_the_best_model_opens_in_a_process_that_knows_nothing_of_it() -> None:
    result = run(composed("model=clipped", "loop=train_step"))
    inputs = Digits().load().test.x[:20] / 16.0
    kept = opened(result).predict(inputs, verbose=0)
    np.testing.assert_allclose(
        predicted_in_a_plain_process(result.model_path, inputs), kept, atol=1e-5
    )


def test_a_class_that_only_has_a_call_leaves_a_plain_model_too() -> None:
    result = run(composed("model=with_layers", "loop=tape"))
    model = opened(result)
    assert type(model).__module__.startswith("keras.")
    assert model.input_shape == (None, 8, 8)


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["train_step", "tape"])
def test_early_stopping_follows_a_metric_of_its_own(loop: str) -> None:
    chosen = ("model=clipped", f"loop={loop}", "loop.epochs=9", "callbacks=on_grad_norm")
    result = run(composed(*chosen))
    assert len(result.metrics_by_epoch["grad_norm"]) == 2
    assert result.best_epoch == 1


@pytest.mark.parametrize("loop", ["train_step", pytest.param("tape", marks=pytest.mark.slow)])
def test_a_gan_trains_as_it_is_with_callbacks_on_its_own_metrics(loop: str) -> None:
    import keras

    rates: list[list[float]] = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            both = (self.model.d_optimizer, self.model.g_optimizer)
            rates.append([float(optimizer.learning_rate) for optimizer in both])

    experiment = composed(*THEIR_GAN, f"loop={loop}", "loop.epochs=9", "callbacks=on_d_loss")
    watched = dataclasses.replace(experiment, callbacks={**experiment.callbacks, "watch": Watch})
    result = run(watched)
    # Nothing improves by as much as is asked for, so all of it happens as soon as it may.
    np.testing.assert_allclose(rates, [(1e-3, 1e-2), (1e-3, 1e-2), (5e-4, 5e-3)], rtol=1e-5)
    assert len(result.metrics_by_epoch["d_loss"]) == len(result.metrics_by_epoch["g_loss"]) == 3
    assert result.metrics_by_epoch["learning_rate/g_optimizer"] == pytest.approx([1e-2, 1e-2, 5e-3])
    assert result.best_epoch == 1 + int(np.argmin(result.metrics_by_epoch["d_loss"]))
    assert not [name for name in result.metrics if name.startswith(("best_val", "test"))]


@pytest.mark.slow
def test_of_a_gan_the_generator_alone_is_kept() -> None:
    result = run(composed(*THEIR_GAN, "loop=train_step"))
    latent = np.ones((3, 4), np.float32)
    images = predicted_in_a_plain_process(result.model_path, latent)
    assert images.shape == (3, 8, 8)
    kept = opened(result).predict(latent, verbose=0)
    np.testing.assert_allclose(images, kept, atol=1e-5)


def refusal(*overrides: str) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        run(composed(*overrides))
    return refused.value


def test_a_class_that_is_not_wrapped_is_told_how() -> None:
    (problem,) = refusal("model=unwrapped", "loop=train_step").problems
    assert problem.key == "model._target_"
    assert "model_class: {_target_: their_models.WithLayers}" in problem.instead


def test_a_part_that_is_not_there_is_told_which_are() -> None:
    chosen = [text for text in THEIR_GAN if not text.startswith("model")]
    (problem,) = refusal("model=misnamed", *chosen, "loop=train_step").problems
    assert problem.key == "model.saved"
    assert "discriminator, generator" in problem.expected
    assert problem.instead == "did you mean `generator`?"


def test_a_class_with_two_optimizers_refuses_one_and_says_what_it_takes() -> None:
    error = refusal("model=their_gan", "objective=loss_fn", "loop=train_step")
    assert all("d_optimizer, g_optimizer, loss_fn" in p.expected for p in error.problems)
    assert [problem.key for problem in error.problems] == [
        "optimizer",
        "optimizer.d_optimizer",
        "optimizer.g_optimizer",
    ]


def test_a_class_with_a_loss_of_its_own_refuses_to_go_without() -> None:
    error = refusal("model=their_gan", "optimizer=two", "objective=none", "loop=train_step")
    (problem,) = error.problems
    assert problem.key == "objective.loss_fn"


def test_two_optimizers_are_refused_by_a_class_that_takes_one() -> None:
    error = refusal("model=clipped", "optimizer=two", "loop=train_step")
    assert {"optimizer.d_optimizer", "optimizer.g_optimizer"} <= {p.key for p in error.problems}


@pytest.mark.slow
def test_from_the_command_line_into_a_store(working_folder: Path, default_store: Any) -> None:
    process = run_altitude(
        "--config-dir",
        "conf",
        *SETTINGS,
        "model=clipped",
        "loop=train_step",
        folder=working_folder,
        PYTHONPATH=str(working_folder),
    )
    assert process.returncode == 0, process.stderr
    assert "Warning" not in process.stdout + process.stderr
    (tracked,) = default_store.search_runs([experiment_of(default_store)])
    assert tracked.info.status == "FINISHED"
    assert {"grad_norm", "val_loss", "test_accuracy"} <= set(tracked.data.metrics)
    assert tracked.data.params["model.model_class._target_"] == "their_models.ClippedModel"
    (saved,) = working_folder.glob("outputs/*/*/best.keras")
    inputs = Digits().load().test.x[:20] / 16.0
    assert predicted_in_a_plain_process(saved, inputs).shape == (20, 10)


def experiment_of(client: Any) -> str:
    (found,) = [e for e in client.search_experiments() if e.name != "Default"]
    return str(found.experiment_id)


def opened(result: RunResult) -> Any:
    import keras

    return keras.models.load_model(result.model_path)
