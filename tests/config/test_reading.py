import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from altitude import ConfigError, Experiment, LazyCall, Problem, compose
from altitude.composition.directory import config_directory
from altitude.data import Digits, FashionMnist, Npz
from altitude.data.fashion_mnist import FILES
from altitude.loops import Fit, Tape, TrainStep
from altitude.models import Cnn, Mlp
from altitude.tracking import Mlflow, Untracked

SCHEDULE = "{_target_: keras.optimizers.schedules.CosineDecay, initial_learning_rate: 0.1}"


def problems_of(*overrides: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        compose(overrides)
    return caught.value.problems


def problem_of(*overrides: str) -> Problem:
    (problem,) = problems_of(*overrides)
    return problem


def test_the_defaults_are_the_first_recipe() -> None:
    experiment = compose()
    assert experiment.seed == 42
    assert experiment.dataset == FashionMnist(batch_size=128, validation_size=5000, divisor=255.0)
    assert experiment.model == Mlp(hidden_units=(256, 128), activation="relu")
    assert experiment.loop == Fit(epochs=30)
    assert experiment.tracking == Mlflow()
    assert experiment.objective.metric_names == ("loss", "accuracy")


def test_the_default_optimizer_is_adam() -> None:
    optimizer = compose().optimizer
    assert isinstance(optimizer, LazyCall)
    assert optimizer.target == "keras.optimizers.Adam"
    assert optimizer.arguments["learning_rate"] == 1e-3


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("early_stopping", {"monitor": "val_loss", "patience": 3, "restore_best_weights": True}),
        ("model_checkpoint", {"monitor": "val_accuracy", "mode": "max", "save_best_only": True}),
        (
            "reduce_lr_on_plateau",
            {"monitor": "val_loss", "factor": 0.5, "patience": 2, "min_lr": 1e-5},
        ),
        ("tensorboard", {"histogram_freq": 1}),
    ],
)
def test_the_default_callbacks(name: str, arguments: dict[str, object]) -> None:
    callback = compose().callbacks[name]
    assert isinstance(callback, LazyCall)
    assert arguments.items() <= callback.arguments.items()


def test_callbacks_keep_their_order_and_write_into_the_output_folder(tmp_path: Path) -> None:
    experiment = compose()
    checkpoint = experiment.callbacks["model_checkpoint"]
    assert isinstance(checkpoint, LazyCall)
    assert list(experiment.callbacks) == [
        "early_stopping",
        "model_checkpoint",
        "reduce_lr_on_plateau",
        "tensorboard",
    ]
    assert experiment.output_dir.is_relative_to(tmp_path)
    assert checkpoint.arguments["filepath"] == f"{experiment.output_dir}/best.keras"


@pytest.mark.parametrize(
    ("overrides", "group", "expected"),
    [
        (["dataset=digits", "dataset.limit=64"], "dataset", Digits(limit=64)),
        (["model=cnn", "model.filters=[4]"], "model", Cnn(filters=(4,))),
        (["model.hidden_units=[]"], "model", Mlp(hidden_units=())),
        (["loop=tape", "loop.clip_norm=1"], "loop", Tape(clip_norm=1.0)),
        (["loop=train_step", "loop.jit_compile=true"], "loop", TrainStep(jit_compile=True)),
        (["tracking=none"], "tracking", Untracked()),
        (["tracking.uri=sqlite:///a.db"], "tracking", Mlflow(uri="sqlite:///a.db")),
        (["seed=7"], "seed", 7),
    ],
)
def test_overrides_reach_their_group(overrides: list[str], group: str, expected: object) -> None:
    assert getattr(compose(overrides), group) == expected


def test_the_files_of_a_dataset_reach_it() -> None:
    x, y = np.random.default_rng(0).random((20, 2)), np.arange(20) % 2
    np.savez("a.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    npz = compose(["dataset=npz", "dataset.path=a.npz"]).dataset
    assert npz == Npz(path=Path("a.npz"))
    folder = Path("here")
    folder.mkdir()
    for name in FILES.values():
        (folder / name).touch()
    fashion = compose(["dataset.data_dir=here"]).dataset
    assert fashion == FashionMnist(data_dir=folder, divisor=255.0)


@pytest.mark.parametrize(
    ("overrides", "key", "given"),
    [
        (["dataset=npz", "dataset.path=a.npz"], "dataset.path", "a.npz"),
        (["dataset.data_dir=here"], "dataset.data_dir", "here, which is no folder"),
    ],
)
def test_files_that_are_not_there(overrides: list[str], key: str, given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compose(overrides)
    (problem,) = caught.value.problems
    assert (problem.key, problem.given) == (key, given)


def test_overrides_are_kept_as_they_were_typed() -> None:
    assert compose(["seed=7", "loop=tape"]).overrides == ("seed=7", "loop=tape")


@pytest.mark.parametrize("override", ["~callbacks.tensorboard", "callbacks.tensorboard=null"])
def test_a_callback_is_taken_away(override: str) -> None:
    names = ["early_stopping", "model_checkpoint", "reduce_lr_on_plateau"]
    assert list(compose([override]).callbacks) == names


def test_all_callbacks_are_taken_away() -> None:
    assert compose(["callbacks=none"]).callbacks == {}


@pytest.mark.parametrize("group", ["callbacks", "tracking"])
def test_a_group_that_is_taken_away_has_a_way_to_say_so(group: str) -> None:
    problem = problem_of(f"~{group}")
    assert (problem.key, problem.instead) == (group, f"{group}=none")


def test_a_metric_is_called_what_its_key_is() -> None:
    metric = "{_target_: keras.metrics.SparseTopKCategoricalAccuracy, k: 3}"
    objective = compose([f"+objective.metrics.top3={metric}"]).objective
    top3 = objective.metrics["top3"]
    assert isinstance(top3, LazyCall)
    assert top3.arguments == {"k": 3, "name": "top3"}
    assert objective.metric_names == ("loss", "accuracy", "top3")


def test_class_weight_is_a_mapping_by_class() -> None:
    experiment = compose(["objective.class_weight={0: 2.0, 3: 0.5}"])
    assert experiment.objective.class_weight == {0: 2.0, 3: 0.5}


def test_groups_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "tiny.yaml").write_text(
        "_target_: altitude.models.Mlp\nhidden_units: [2]\n"
    )
    assert compose(["model=tiny"], config_dir=tmp_path).model == Mlp(hidden_units=(2,))


def test_options_of_the_user_are_suggested(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "tiny.yaml").write_text("_target_: altitude.models.Mlp\n")
    with pytest.raises(ConfigError, match="did you mean `tiny`"):
        compose(["model=tinny"], config_dir=tmp_path)


def test_a_model_of_the_user_is_not_imported_yet(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("_target_: no_such_package.Model\nwidth: 3\n")
    experiment = compose(["model=mine"], config_dir=tmp_path)
    assert experiment.model == LazyCall("no_such_package.Model", {"width": 3})


def test_a_folder_of_the_user_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected: a folder with config groups"):
        compose(config_dir=tmp_path / "nowhere")


def test_the_shipped_config_is_where_it_is_said_to_be() -> None:
    assert (config_directory() / "config.yaml").is_file()


WRONG_VALUES = [
    ("loop.epochs=abc", "'abc'", "a whole number"),
    ("loop.epochs=0", "0", "greater than or equal to 1"),
    ("loop.steps_per_execution=1.5", "1.5", "a whole number"),
    ("loop.jit_compile=maybe", "'maybe'", "true or false; or 'auto'"),
    ("loop.run_eagerly=1", "1", "true or false"),
    ("loop.precision=float8", "'float8'", "'float32', 'mixed_float16' or 'mixed_bfloat16'"),
    ("dataset.batch_size=2.5", "2.5", "a whole number"),
    ("dataset.batch_size=0", "0", "greater than or equal to 1"),
    ("dataset.batch_size=true", "True", "a number, not a boolean"),
    ("dataset.limit=0", "0", "greater than or equal to 1"),
    ("dataset.validation_size=-1", "-1", "greater than or equal to 0"),
    ("dataset.validation_size=60000", "60000", "less than 60000, the number of training examples"),
    ("dataset.divisor=0", "0", "greater than 0"),
    ("dataset.one_hot=maybe", "'maybe'", "true or false"),
    ("model.dropout=1.0", "1.0", "less than 1"),
    ("model.l2=-0.1", "-0.1", "greater than or equal to 0"),
    ("model.activation=3", "3", "a text"),
    ("model.hidden_units=7", "7", "a list"),
    ("model.output_activation=relu", "'relu'", "'linear', 'softmax' or 'sigmoid'"),
    ("optimizer.learning_rate=-1", "-1", "greater than 0"),
    ("optimizer.learning_rate=inf", "inf", "a finite number"),
    ("optimizer.learning_rate=fast", "'fast'", "a number"),
    ("optimizer.global_clipnorm=0", "0", "greater than 0"),
    ("optimizer.clipnorm=0", "0", "greater than 0"),
    ("optimizer.weight_decay=-1", "-1", "greater than or equal to 0"),
    ("optimizer.use_ema=1", "1", "true or false"),
    ("optimizer.gradient_accumulation_steps=1", "1", "greater than or equal to 2"),
    ("callbacks.early_stopping.patience=soon", "'soon'", "a whole number"),
    ("callbacks.early_stopping.mode=lowest", "'lowest'", "'min' or 'max'"),
    ("callbacks.reduce_lr_on_plateau.factor=1.5", "1.5", "less than 1"),
    ("objective.class_weight={0: -1}", "-1", "greater than or equal to 0"),
    ("seed=-1", "-1", "a whole number from 0 to 4294967295"),
    ("seed=abc", "'abc'", "a whole number from 0 to 4294967295"),
    ("tracking.experiment_name=3", "3", "a text"),
    (
        "dataset=null",
        "null",
        "one of cartpole, digits, fashion_mnist, fashion_mnist_weighted, image_folder, npz",
    ),
    ("model=3", "3", "one of backbone_head, cnn, gan, label_and_image, linear, mlp"),
    ("objective.loss=null", "null", "a loss: this step takes the one that"),
    ("objective.metrics=3", "3", "a mapping"),
    ("callbacks.early_stopping=3", "3", "a mapping whose `_target_` names a class or function"),
]


@pytest.mark.parametrize(("override", "given", "expected"), WRONG_VALUES)
def test_a_wrong_value(override: str, given: str, expected: str) -> None:
    problem = problem_of(override)
    assert problem.key.startswith(override.partition("=")[0])
    assert problem.given == given
    assert expected in problem.expected


def test_clip_norm_is_out_of_range() -> None:
    assert problem_of("loop=tape", "loop.clip_norm=0") == Problem(
        "loop.clip_norm", "0", "greater than 0"
    )


@pytest.mark.parametrize(
    ("override", "suggestion"),
    [
        ("dataset.batch_sise=3", "did you mean `dataset.batch_size`?"),
        ("optimizer.lerning_rate=1e-3", "did you mean `optimizer.learning_rate`?"),
        ("callbacks.early_stoping.patience=5", "did you mean `callbacks.early_stopping.patience`?"),
        ("modle=cnn", "did you mean `model`?"),
        ("sed=3", "did you mean `seed`?"),
        ("~callbacks.tensorbord", "did you mean `callbacks.tensorboard`?"),
    ],
)
def test_an_unknown_key(override: str, suggestion: str) -> None:
    problem = problem_of(override)
    assert problem.key == override.partition("=")[0].lstrip("~")
    assert problem.given == "an unknown key"
    assert problem.instead == suggestion


def test_an_unknown_key_far_down() -> None:
    problem = problem_of("callbacks.early_stoping.patience=5")
    assert "`callbacks.early_stoping` is not" in problem.expected


def test_the_keys_that_there_are() -> None:
    problem = problem_of("dataset.colour=red")
    expected = "a key of `dataset`: _target_, batch_size, data_dir, divisor, fold, limit, "
    assert problem.expected == expected + "num_folds, one_hot, transforms, validation_size"
    assert problem.instead == "+dataset.colour=red to add it"


def test_an_added_key_that_its_class_does_not_have() -> None:
    problem = problem_of("+dataset.batch_sise=3")
    assert (problem.key, problem.given) == ("dataset.batch_sise", "an unknown key")
    assert problem.instead == "did you mean `batch_size`?"


@pytest.mark.parametrize(
    ("override", "suggestion"),
    [
        ("dataset=fashion", "did you mean `fashion_mnist`?"),
        ("model=mpl", "did you mean `mlp`?"),
        ("optimizer=adamm", "did you mean `adam`?"),
        ("objective=categoric", "did you mean `categorical`?"),
        ("loop=trainstep", "did you mean `train_step`?"),
        ("callbacks=defaults", "did you mean `default`?"),
        ("tracking=mlfow", "did you mean `mlflow`?"),
        ("experiment=fashion_tap", "did you mean `fashion_tape`?"),
        ("debug=quik", "did you mean `quick`?"),
        ("dataset=cifar", ""),
    ],
)
def test_a_misspelt_option(override: str, suggestion: str) -> None:
    problem = problem_of(override)
    group, _, option = override.partition("=")
    assert (problem.key, problem.given) == (group, option)
    assert problem.expected.startswith("one of ")
    assert problem.instead == suggestion


@pytest.mark.parametrize(
    ("override", "key"), [("dataset=npz", "dataset.path"), ("seed=???", "seed")]
)
def test_a_missing_value(override: str, key: str) -> None:
    assert problem_of(override) == Problem(key, "nothing", "a value", f"{key}=...")


@pytest.mark.parametrize("override", ["loop.epochs=[1", "=3"])
def test_an_override_that_is_none(override: str) -> None:
    problem = problem_of(override)
    assert (problem.given, problem.instead) == (override, "key=value")


@pytest.mark.parametrize("key", ["seed", "optimizer.learning_rate"])
def test_a_key_without_a_value(key: str) -> None:
    problem = problem_of(key)
    assert (problem.given, problem.instead) == (key, f"{key}=...")


def test_an_interpolation_that_leads_nowhere() -> None:
    problem = problem_of("dataset.limit=${nowhere}")
    assert problem.key == "dataset.limit"
    assert "nowhere" in problem.expected


def test_a_sweep_needs_the_flag_of_a_sweep() -> None:
    problem = problem_of("loop.epochs=1,2")
    assert (problem.key, problem.given) == ("loop.epochs", "1,2")
    assert problem.instead == "altitude -m loop.epochs=1,2"


@pytest.mark.parametrize("name", ["early_stopping", "model_checkpoint", "reduce_lr_on_plateau"])
def test_a_monitor_that_the_run_will_not_have(name: str) -> None:
    problem = problem_of(f"callbacks.{name}.monitor=val_acuracy")
    assert problem == Problem(
        f"callbacks.{name}.monitor",
        "val_acuracy",
        "a metric that this run has: loss, accuracy, val_loss, val_accuracy",
        f"callbacks.{name}.monitor=val_accuracy callbacks.{name}.mode=max",
    )


def test_clip_norm_at_altitude_1() -> None:
    problem = problem_of("loop.clip_norm=1.5")
    assert (problem.key, problem.given) == ("loop.clip_norm", "1.5")
    assert "altitude 1" in problem.expected
    assert "optimizer.global_clipnorm=1.5" in problem.instead
    assert "altitude 2: loop=train_step" in problem.instead


def test_a_step_at_altitude_1() -> None:
    problem = problem_of("loop.step={_target_: altitude.steps.Supervised}")
    assert problem.key == "loop.step"
    assert "altitude 1" in problem.expected
    assert "altitude 2" in problem.instead
    assert "loop=train_step" in problem.instead


def test_eager_and_compiled_exclude_each_other() -> None:
    problem = problem_of("loop.run_eagerly=true", "loop.jit_compile=true")
    assert problem.expected == "only one of loop.run_eagerly and loop.jit_compile"
    assert problem.instead == "loop.jit_compile=false"


@pytest.mark.parametrize(
    ("overrides", "given", "instead"),
    [
        (["model=mlp_softmax"], "true", "objective.loss.from_logits=false"),
        (["model.output_activation=sigmoid"], "true", "objective.loss.from_logits=false"),
        (["objective.loss.from_logits=false"], "false", "objective.loss.from_logits=true"),
        (["~objective.loss.from_logits"], "false", "objective.loss.from_logits=true"),
    ],
)
def test_loss_and_last_layer_disagree(overrides: list[str], given: str, instead: str) -> None:
    problem = problem_of(*overrides)
    assert (problem.key, problem.given) == ("objective.loss.from_logits", given)
    assert problem.instead == instead


@pytest.mark.parametrize(
    ("override", "loss", "instead"),
    [
        ("dataset.one_hot=true", "SparseCategoricalCrossentropy", "objective=categorical"),
        ("objective=categorical", "CategoricalCrossentropy", "dataset.one_hot=true"),
        ("objective=binary", "BinaryCrossentropy", "y.reshape(-1, 1)"),
    ],
)
def test_loss_and_labels_disagree(override: str, loss: str, instead: str) -> None:
    problem = problem_of(override)
    assert problem.key == "objective.loss"
    assert problem.given.startswith(loss)
    assert instead in problem.instead


def test_a_schedule_with_reduce_lr_on_plateau() -> None:
    problem = problem_of(f"optimizer.learning_rate={SCHEDULE}")
    assert (problem.key, problem.given) == ("optimizer.learning_rate", "CosineDecay")
    assert "callbacks.reduce_lr_on_plateau cuts it" in problem.expected
    assert problem.instead.startswith("~callbacks.reduce_lr_on_plateau")


def test_a_schedule_alone() -> None:
    overrides = [f"optimizer.learning_rate={SCHEDULE}", "~callbacks.reduce_lr_on_plateau"]
    optimizer = compose(overrides).optimizer
    assert isinstance(optimizer, LazyCall)
    assert optimizer.arguments["learning_rate"]["initial_learning_rate"] == 0.1


def test_all_problems_are_reported_at_once() -> None:
    problems = problems_of(
        "loop.epochs=abc",
        "dataset.batch_size=2.5",
        "optimizer.learning_rate=-1",
        "optimiser=sgd",
        "model=mlp_softmax",
        "tracking=mlfow",
        "callbacks.early_stopping.mode=lowest",
        "callbacks.model_checkpoint.monitor=val_acc",
        "seed=1.5",
        "dataset.lmit=3",
    )
    assert {problem.key for problem in problems} == {
        "loop.epochs",
        "dataset.batch_size",
        "optimizer.learning_rate",
        "optimiser",
        "objective.loss.from_logits",
        "tracking",
        "callbacks.early_stopping.mode",
        "callbacks.model_checkpoint.monitor",
        "seed",
        "dataset.lmit",
    }


@pytest.mark.parametrize("patience", [1, 2])
def test_a_cut_that_comes_too_late_is_a_warning(patience: int) -> None:
    with pytest.warns(UserWarning, match="is not smaller than EarlyStopping's") as caught:
        experiment = compose([f"callbacks.early_stopping.patience={patience}"])
    assert isinstance(experiment, Experiment)
    suggested = f"callbacks.reduce_lr_on_plateau.patience={patience - 1}"
    assert str(caught[0].message).endswith(suggested)


REPORT_MODULES = """
import sys
import altitude
try:
    altitude.compose(sys.argv[1:])
except altitude.ConfigError as error:
    print(len(error.problems), *sorted({"tensorflow", "keras", "mlflow"} & set(sys.modules)))
"""


def test_problems_are_found_without_tensorflow_and_mlflow() -> None:
    overrides = [
        "loop.epochs=abc",
        "model=mlp_softmax",
        "optimizer.learning_rate=-1",
        "callbacks.early_stopping.monitor=val_acc",
        "dataset.one_hot=true",
    ]
    command = [sys.executable, "-c", REPORT_MODULES, *overrides]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert output.split() == ["5"]


def test_the_function_is_not_hidden_by_its_module() -> None:
    script = "import altitude.config.composing; assert callable(altitude.compose)"
    subprocess.run([sys.executable, "-c", script], check=True)
