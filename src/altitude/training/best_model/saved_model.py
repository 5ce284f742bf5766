"""Saving the plain part of a model: what `keras.models.load_model` opens in any process."""

import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import keras

from altitude.data.spec import DataSpec, StoredInput
from altitude.models.layers import inputs_and_outputs
from altitude.training.best_model.comparison import difference, examples
from altitude.training.best_model.plain import is_scaled, plain, takes_data
from altitude.training.best_model.reloading import (
    cause_in_layer,
    how_to_open,
    opens_anywhere,
    reload,
    undisturbed,
)

Kind = Literal["model", "weights", "untrusted", "nothing"]
"""What of the best model is on disk: all of it, its weights, a file that is not it, or nothing."""

REMEDY = (
    "To have the whole model saved: give each layer of your own a `get_config` that returns all "
    "arguments of its `__init__`, decorate it with @keras.saving.register_keras_serializable(), or "
    "name a part that can be saved in model.saved"
)


class SavedModel:
    """The part of a model that is kept as `best.keras`.

    It shares its weights with the model. Whatever saves the model saves this part, whole or not at
    all; where that does not work, the weights are saved beside it, as `best.weights.h5`.

    Args:
        model: The compiled model, before training.
        part: The part of it that is to be kept. If the data go into it, it is saved together with
            their scaling, and so takes them as they are stored.
        spec: The form of the data.
        inputs: The structure of a batch's inputs, as `tf.TensorSpec`s; None for one tensor of
            `spec.input_shape`.

    Attributes:
        model_input: The inputs of the saved model, in words.
        trouble: Why only weights are saved, in words; empty if the whole part is.
        kind: What of the best model is on disk.
    """

    def __init__(
        self, model: keras.Model, part: keras.Model, spec: DataSpec, inputs: Any = None
    ) -> None:
        self._model, self._original, self._spec = model, part, spec
        stored = spec.stored if takes_data(part, model, spec) else None
        self._part = plain(part, spec, 1.0 if stored is None else stored.divisor, inputs)
        self._inputs = inputs
        self.model_input = _described(self._part, stored)
        self.trouble = ""
        self.kind: Kind = "nothing"
        self._rehearsed = False
        self._weights: list[Any] | None = None
        self._save_part: Callable[..., Any] = self._part.save
        model.save = self._save

    @property
    def opens_with(self) -> str:
        """The arguments that `load_model` needs to open the file; empty if it needs none."""
        return "" if opens_anywhere(self._part) else how_to_open(self._part)

    def rehearse(self) -> None:
        """Saves and reloads the untrained model once, and warns if that does not work.

        Models of Keras' own classes are known to reload.
        """
        if self._rehearsed or opens_anywhere(self._part):
            return
        self._rehearsed = True
        with tempfile.TemporaryDirectory() as folder, undisturbed(self._model):
            path = Path(folder) / "model.keras"
            try:
                with warnings.catch_warnings(action="ignore"):
                    self._save_part(path)
                    self._require_same(path)
            except Exception as error:  # noqa: BLE001 - whatever the user's own classes raise
                self.trouble = cause_in_layer(self._part) or f"{type(error).__name__}: {error}"
        if self.trouble:
            self._warn("The model cannot be saved and reloaded")

    def restore(self, path: Path) -> None:
        """Sets the model's weights to those that were saved last.

        Args:
            path: The path that it was saved under.

        Raises:
            RuntimeError: If the file, reloaded, is not the model that was saved.
        """
        if self._weights is not None:
            self._model.set_weights(self._weights)
        elif not self.trouble:
            self._part.set_weights(reload(path, self._part).get_weights())
        if not self.trouble:
            self.kind = "untrusted"
            self._require_same(path)
            self.kind = "model"

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The paths of the weights of the model that are not in the part that is saved."""
        saved = {id(weight) for weight in self._part.weights}
        return tuple(weight.path for weight in self._model.weights if id(weight) not in saved)

    def load(self, path: Path) -> None:
        """Sets the weights to those in a file that another process has saved. No code in it is run.

        Args:
            path: `best.keras`, or `best.weights.h5` where only the weights could be saved.

        Raises:
            ValueError: If it is the file of another model.
            OSError: If the file is damaged.
        """
        part = self._part if path.suffix == ".keras" else self._original
        part.load_weights(path)

    def files(self, path: Path) -> list[Path]:
        """Returns the files of a model that was saved under a path, the model or its weights first.

        Args:
            path: The path of `best.keras`.
        """
        weights = _weights_beside(path)
        places = (path, weights, path.with_suffix(".json"), path.with_suffix(".txt"))
        return [place for place in places if place.exists()]

    def get_state(self) -> dict[str, Any]:
        """Returns what scoring needs in another process, with weights that the file lacks."""
        weights = self._weights if self.trouble else None
        return {"kind": self.kind, "trouble": self.trouble, "weights": weights}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Sets what `get_state` has returned; an empty state means that nothing was saved.

        That the model cannot be saved stays known.

        Args:
            state: What `get_state` returned.
        """
        self.kind = state.get("kind", "nothing")
        self.trouble = state.get("trouble") or self.trouble
        self._weights = state.get("weights")

    def _save(self, filepath: Any, overwrite: bool = True, **options: Any) -> None:
        path = Path(str(filepath))
        if path.suffix != ".keras" or "://" in str(filepath) or not overwrite:
            self._save_part(filepath, overwrite=overwrite, **options)
            return
        self._weights = self._model.get_weights()
        if not self.trouble:
            try:
                _replace(path, lambda place: self._save_part(place, **options))
            except Exception as error:  # noqa: BLE001 - a full disk must not cost the training
                self.trouble = f"{type(error).__name__}: {error}"
                self._warn(f"{path.name} could not be saved")
            else:
                self.kind = "model"
                return
        self._save_weights(path)

    def _save_weights(self, path: Path) -> None:
        """Saves weights and architecture; if that fails too, the weights are in memory."""
        try:
            _replace(_weights_beside(path), self._original.save_weights)
            _write_architecture(self._original, path)
        except Exception as error:  # noqa: BLE001 - a full disk must not cost the training
            if self.kind != "nothing":
                self.kind = "untrusted"  # what is on disk is from an earlier epoch
                return
            warnings.warn(f"weights could not be saved either: {error}", stacklevel=2)
        else:
            path.unlink(missing_ok=True)
            self.kind = "weights"

    def _require_same(self, path: Path) -> None:
        reloaded = reload(path, self._part)
        different = difference(self._part, reloaded, self._examples())
        if different:
            raise RuntimeError(
                f"{path} was reloaded and is not the model that was trained: {different}. "
                "Something of the model is not saved with it, such as an attribute of a layer of "
                "your own that get_config leaves out"
            )

    def _examples(self) -> Any:
        if getattr(self._part, "inputs", None):
            symbolic = inputs_and_outputs(self._part)[0]
        else:
            symbolic = self._inputs or keras.Input(self._spec.input_shape)
        stored = self._spec.stored
        scaled = stored is not None and is_scaled(self._part)
        return examples(symbolic, stored.divisor if stored is not None and scaled else 1.0)

    def _warn(self, what: str) -> None:
        instead = "Its weights are saved in place of it, as best.weights.h5, and scores are those "
        instead += "of the best weights in memory"
        warnings.warn(f"{what}: {self.trouble}. {instead}. {REMEDY}", stacklevel=3)


def _replace(path: Path, save: Callable[[Path], Any]) -> None:
    """Saves beside a path first, so that no file is ever half written or empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"unfinished-{path.name}")
    try:
        save(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _weights_beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}.weights.h5")


def _write_architecture(model: keras.Model, path: Path) -> None:
    """Writes a model's config as JSON or, of one that has none, its summary as text."""
    if path.with_suffix(".json").exists() or path.with_suffix(".txt").exists():
        return
    try:
        path.with_suffix(".json").write_text(model.to_json())
    except Exception:  # noqa: BLE001 - whatever a `get_config` of the user's own raises
        lines: list[str] = []
        model.summary(print_fn=lambda text, **_: lines.append(text), line_length=120)
        path.with_suffix(".txt").write_text("\n".join(lines))


def _described(part: keras.Model, stored: StoredInput | None) -> str:
    """What a saved model takes, such as `inputs as they are stored, uint8 (28, 28)`."""
    if stored is None:
        tensors = getattr(part, "inputs", None) or []
        forms = [f"{tensor.dtype} {tuple(tensor.shape[1:])}" for tensor in tensors]
        return f"what it is given in training{''.join(f', {form}' for form in forms)}"
    form = f"{stored.dtype} {stored.shape}"
    if stored.divisor == 1 or is_scaled(part):
        return f"inputs as they are stored, {form}"
    return f"inputs divided by {stored.divisor:g}, {form}"
