"""The mistakes that people make most: the screen names the cause, the line, and what to write."""

import re
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest
from hydra._internal import logging_config

from altitude import cli
from tests.processes import run_altitude

MOST_LINES = 10
HYDRAS = "Error executing job with overrides:"  # the one line that Hydra prints itself

MODEL = """
import keras


def build(spec):
    return keras.Sequential([keras.Input(spec.input_shape), keras.layers.Flatten(),
                             keras.layers.Dense(spec.num_classes)])
"""
GOOD = {
    "mine/__init__.py": "",
    "mine/model.py": MODEL,
    "conf/model/mine.yaml": "_target_: mine.bad.build\n",
    "conf/loss/mine.yaml": "_target_: mine.bad.make\n",
    "conf/optimizer/mine.yaml": "_target_: mine.bad.make\n",
    "conf/dataset/mine.yaml": "_target_: mine.bad.Bad\n",
    "conf/objective/mine.yaml": (
        "_target_: altitude.Objective\nloss: {_target_: mine.bad.make}\nmetrics: {}\n"
    ),
}
USED = ("dataset=digits", "tracking=none", "callbacks=none", "loop.epochs=1")


@dataclass(frozen=True)
class Mistake:
    """A command, the user's files, and what the screen says.

    Attributes:
        name: What was done wrong.
        typed: The overrides.
        files: The user's files; `mine/__init__.py` and a good `mine/model.py` are there anyway.
        words: What must be on the screen.
        status: The exit status.
    """

    name: str
    typed: tuple[str, ...]
    words: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    status: int = 1


def model(
    name: str, body: str, *words: str, status: int = 1, typed: tuple[str, ...] = ()
) -> Mistake:
    """A mistake in the function that builds the model."""
    text = f"import keras\nimport tensorflow as tf\n\n\ndef build(spec):\n{_indented(body)}"
    return Mistake(name, (*typed, "model=mine"), words, {"mine/bad.py": text}, status)


def step(name: str, body: str, *words: str, status: int = 1, loop: str = "tape") -> Mistake:
    """A mistake in a step of one's own."""
    text = (
        "import tensorflow as tf\n\nfrom altitude.steps import Step\n\n\n"
        f"class Bad(Step):\n{_indented(body)}"
    )
    typed = (f"loop={loop}", "+loop.step={_target_: mine.bad.Bad}")
    return Mistake(name, typed, words, {"mine/bad.py": text}, status)


def callback(name: str, body: str, *words: str) -> Mistake:
    """A mistake in a callback."""
    text = f"import keras\n\n\nclass Bad(keras.callbacks.Callback):\n{_indented(body)}"
    typed = ("+callbacks.bad={_target_: mine.bad.Bad}",)
    return Mistake(name, typed, words, {"mine/bad.py": text})


def _indented(body: str) -> str:
    return "".join(f"    {line}\n" for line in dedent(body).strip("\n").splitlines())


LAYERS = "keras.Input(spec.input_shape), keras.layers.Flatten()"
TRAIN = "def train(self, model, batch):\n"

MISTAKES = (
    Mistake(
        "module not on the path",
        ("model={_target_: elsewhere.model.build}",),
        ("elsewhere", "PYTHONPATH="),
        status=2,
    ),
    Mistake(
        "misspelt module",
        ("model={_target_: mine.modle.build}",),
        ("mine.modle.build", "did you mean `model`?"),
        status=2,
    ),
    Mistake(
        "misspelt function",
        ("model={_target_: mine.model.biuld}",),
        ("mine.model", "did you mean `build`?"),
        status=2,
    ),
    Mistake(
        "YAML error",
        ("model=broken",),
        ("conf/model/broken.yaml, line 2, column 9", "mapping values", "a space after the colon"),
        {"conf/model/broken.yaml": "_target_: mine.model.build\nunits: a: 5\n"},
        status=2,
    ),
    Mistake(
        "undefined name at the top of the module",
        ("model=mine",),
        ("NameError: name 'kears' is not defined", "mine/bad.py:3", "did you mean `keras`?"),
        {"mine/bad.py": "import keras\n\nx = kears.layers\n"},
        status=2,
    ),
    Mistake(
        "wrong import",
        ("model=mine",),
        ("cannot import name 'Dens'", "mine/bad.py:1"),
        {"mine/bad.py": "from keras.layers import Dens\n"},
        status=2,
    ),
    Mistake(
        "missing package",
        ("model=mine",),
        ("No module named 'torchvision_of_mine'", "mine/bad.py:1", "pip install"),
        {"mine/bad.py": "import torchvision_of_mine\n"},
        status=2,
    ),
    Mistake(
        "syntax error",
        ("model=mine",),
        ("SyntaxError", "mine/bad.py:2"),
        {"mine/bad.py": "import keras\ndef build(spec) return 1\n"},
        status=2,
    ),
    model(
        "model function raises", "raise ValueError('no such size')", "no such size", "mine/bad.py:6"
    ),
    model(
        "model function returns None",
        f"model = keras.Sequential([{LAYERS}, keras.layers.Dense(10)])",
        "None, which `build` returned",
        "mine/bad.py:5",
        status=2,
    ),
    model(
        "undefined name in the model function",
        "return keras.Sequentiall([])",
        "has no attribute 'Sequentiall'",
        "mine/bad.py:6",
        "did you mean `Sequential`?",
    ),
    model(
        "missing Flatten",
        "return keras.Sequential([keras.Input(spec.input_shape), keras.layers.Dense(10)])",
        "Flatten()",
        "(8, 10)",
        status=2,
    ),
    model(
        "wrong output width",
        f"return keras.Sequential([{LAYERS}, keras.layers.Dense(7)])",
        "7 outputs",
        "at least 10 outputs",
        status=2,
    ),
    model(
        "layer that does not fit its input",
        "return keras.Sequential([keras.Input(spec.input_shape), keras.layers.Conv2D(4, 3)])",
        "expected min_ndim=4",
        "mine/bad.py:6",
        "spec.input_shape",
    ),
    model(
        "layer of one's own that raises",
        f"""
        class Scale(keras.layers.Layer):
            def call(self, x):
                return x * self.factor

        return keras.Sequential([{LAYERS}, Scale(), keras.layers.Dense(10)])
        """,
        "has no attribute 'factor'",
        "mine/bad.py:8",
    ),
    model(
        "layer without super().__init__",
        f"""
        class Scale(keras.layers.Layer):
            def __init__(self):
                self.factor = keras.layers.Dense(3)

        return keras.Sequential([{LAYERS}, Scale(), keras.layers.Dense(10)])
        """,
        "super().__init__()",
        "mine/bad.py:10",
    ),
    model(
        "train_step of a model class with a mistake",
        """
        class Mine(keras.Model):
            def train_step(self, data):
                x, y, z = data
                return {}

        inputs = keras.Input(spec.input_shape)
        return Mine(inputs, keras.layers.Dense(10)(keras.layers.Flatten()(inputs)))
        """,
        "not enough values to unpack",
        "mine/bad.py:8",
    ),
    Mistake(
        "loss function that takes other arguments",
        ("objective=mine",),
        ("positional argument", "def"),
        {"mine/bad.py": "def make():\n    return loss\n\n\ndef loss(y_pred):\n    return y_pred\n"},
    ),
    Mistake(
        "metrics as a list",
        ("objective.metrics=[accuracy]",),
        ("a mapping", "objective.metrics={accuracy: {_target_:"),
        status=2,
    ),
    Mistake(
        "optimizer function that returns None",
        ("optimizer=mine",),
        ("optimizer", "None", "mine/bad.py:1"),
        {"mine/bad.py": "def make():\n    pass\n"},
        status=2,
    ),
    step(
        "step that returns None",
        TRAIN + "    model(batch[0])",
        "Bad.train",
        "None",
        "mine/bad.py:7",
    ),
    step(
        "step that returns None under fit",
        TRAIN + "    model(batch[0])",
        "Bad.train",
        "None",
        "mine/bad.py:7",
        loop="train_step",
    ),
    step(
        "step whose metrics are never updated",
        TRAIN + "    return {'loss': 1.0}",
        "metric has not yet been built",
        "model.compute_metrics(x, y, y_pred)",
        loop="train_step",
    ),
    step(
        "step with another signature",
        "def train(self, model, x, y):\n    return {}",
        "train",
        "positional argument",
        "def",
    ),
    step(
        "step that raises in the graph",
        TRAIN + "    x, y = batch\n    return tf.matmull(x, y)",
        "has no attribute 'matmull'",
        "mine/bad.py:9",
        "did you mean `matmul`?",
    ),
    step(
        "operation that fails in the graph",
        TRAIN
        + "    x, y = batch\n    return {'loss': tf.reduce_sum(tf.matmul(x, tf.ones((3, 3))))}",
        "ust be equal",
        "mine/bad.py:9",
    ),
    callback(
        "callback that raises",
        "def on_epoch_end(self, epoch, logs=None):\n    print(logs['val_acuracy'])",
        "val_acuracy",
        "mine/bad.py:6",
    ),
    callback(
        "callback with another signature",
        "def on_epoch_end(self, epoch):\n    pass",
        "positional argument",
        "def",
    ),
    callback(
        "callback that needs what it has not",
        "def on_train_begin(self, logs=None):\n    self.losses.append(1)",
        "has no attribute 'losses'",
        "mine/bad.py:6",
    ),
    Mistake(
        "dataset that raises",
        ("dataset=mine",),
        ("FileNotFoundError", "nothing.npy", "mine/bad.py:11"),
        {
            "mine/bad.py": """
                import dataclasses

                import numpy as np

                from altitude.data import ArrayDataset


                @dataclasses.dataclass(frozen=True, kw_only=True)
                class Bad(ArrayDataset):
                    def load(self):
                        return np.load("nothing.npy")
                """
        },
    ),
    Mistake(
        "dataset that returns the wrong thing",
        ("dataset=mine",),
        ("Bad.load", "tuple", "Splits", "mine/bad.py:10"),
        {
            "mine/bad.py": """
                import dataclasses

                import numpy as np

                from altitude.data import ArrayDataset


                @dataclasses.dataclass(frozen=True, kw_only=True)
                class Bad(ArrayDataset):
                    def load(self):
                        return np.zeros((9, 3)), np.zeros(9)
                """
        },
    ),
    Mistake(
        "float targets with a classification loss",
        ("dataset=mine",),
        ("objective", "float", "objective=regression"),
        {
            "mine/bad.py": """
                import dataclasses

                import numpy as np

                from altitude.data import ArrayDataset
                from altitude.data.arrays import Examples, Splits


                @dataclasses.dataclass(frozen=True, kw_only=True)
                class Bad(ArrayDataset):
                    def load(self):
                        x = np.random.default_rng(1).random((90, 3), dtype="float32")
                        parts = [Examples(x[i::3], x[i::3].sum(axis=1)) for i in range(3)]
                        return Splits(*parts)
                """
        },
        status=2,
    ),
    Mistake(
        "transform that returns None",
        ("dataset=digits", "+dataset.transforms.bad={_target_: mine.bad.Bad}"),
        ("Bad", "None", "mine/bad.py"),
        {
            "mine/bad.py": """
                from altitude.data.transform import Transform


                class Bad(Transform):
                    def __call__(self, batch, seed):
                        x, y = batch
                """
        },
    ),
)


@pytest.fixture
def user_files(working_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a module `mine` and config groups of the user's own; a process as before."""
    _write(working_folder, GOOD)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    # It would close handlers that write to what pytest captures.
    monkeypatch.setattr(logging_config, "configure_logging", lambda *_: None)
    yield working_folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "mine"]:
        del sys.modules[name]


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).removeprefix("\n") if name.endswith("bad.py") else text)


@pytest.fixture
def run_here(
    user_files: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs the command line in this process; returns the exit status and what is on stderr."""

    def run(*typed: str) -> tuple[int, str]:
        config_dir = ("--config-dir", str(user_files / "conf"))
        monkeypatch.setattr(sys, "argv", ["altitude", *config_dir, *USED, *typed])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
        return int(str(leaving.value.code)), capfd.readouterr().err

    return run


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_the_screen_says_what_to_do(
    mistake: Mistake, user_files: Path, run_here: Callable[..., tuple[int, str]]
) -> None:
    _write(user_files, mistake.files)
    status, screen = run_here(*mistake.typed)
    print(screen)
    assert status == mistake.status, screen
    assert "Traceback" not in screen
    lines = [line for line in screen.splitlines() if not line.startswith(HYDRAS)]
    assert len(lines) <= MOST_LINES, screen
    missing = [word for word in mistake.words if word not in screen]
    assert not missing, f"{missing} not in\n{screen}"
    if mistake.status == 1:
        (written,) = re.findall(r"    traceback: (.*)", screen)
        assert "Traceback (most recent call last)" in Path(written).read_text()


def test_arguments_left_over_from_another_class_are_one_problem(
    user_files: Path, run_here: Callable[..., tuple[int, str]]
) -> None:
    _write(user_files, {"mine/bad.py": "def make():\n    pass\n"})
    status, screen = run_here("optimizer={_target_: mine.bad.make}")
    assert status == 2
    assert "unknown keys: learning_rate, " in screen
    assert "optimizer/mine.yaml" in screen
    assert len(screen.splitlines()) <= MOST_LINES


@pytest.mark.slow
def test_workers_of_a_sweep_find_the_modules_beside_the_config(
    user_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = "def build(spec):\n    raise ValueError('no such size')\n"
    _write(user_files, {"mine/bad.py": text})
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    typed = ("-m", "--config-dir", str(user_files / "conf"), *USED, "model=mine", "seed=1,2")
    process = run_altitude(*typed, folder=elsewhere, PYTHONPATH="")
    assert process.returncode == 1
    assert "no such size" in process.stdout + process.stderr
    assert "Traceback" not in process.stderr
