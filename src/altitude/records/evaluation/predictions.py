"""What a model predicts for each example of a split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from altitude.calls.lazy_call import LazyCall
from altitude.data.arrays import Array
from altitude.lazy import keras, np, tf
from altitude.training.training import Training


@dataclass(frozen=True)
class Classified:
    """The predictions of a classifier, in the order of the examples.

    Attributes:
        labels: Class indices, (examples,).
        probabilities: The probability of each class, (examples, classes).
    """

    labels: Array
    probabilities: Array

    @property
    def predicted(self) -> Array:
        """The most probable class of each example, (examples,)."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def confidence(self) -> Array:
        """The probability of that class, (examples,)."""
        return np.asarray(self.probabilities.max(axis=1))


@dataclass(frozen=True)
class Regressed:
    """The predictions of numbers, in the order of the examples.

    Attributes:
        labels: The true values, (examples, values).
        values: The predicted values, (examples, values).
    """

    labels: Array
    values: Array


def predict(training: Training, batches: tf.data.Dataset) -> Classified | Regressed | None:
    """Predicts a split.

    Args:
        training: The training whose model predicts.
        batches: Batches of inputs and labels.

    Returns:
        The predictions; None for models of another kind, with several outputs for example.
    """
    if not isinstance(batches, tf.data.Dataset):
        return None  # episodes, which have no labels
    labels, outputs = [], []
    for batch in batches:
        if not isinstance(batch, tuple) or len(batch) < 2:
            return None
        output = training.model.predict_on_batch(batch[0])
        if not all(hasattr(part, "shape") for part in (batch[1], output)):
            return None
        labels.append(np.asarray(batch[1]))
        outputs.append(np.asarray(output))
    loss = training.experiment.objective.loss
    from_logits = isinstance(loss, LazyCall) and bool(loss.arguments.get("from_logits"))
    return interpret(np.concatenate(labels), np.concatenate(outputs), from_logits=from_logits)


def interpret(labels: Array, outputs: Array, *, from_logits: bool) -> Classified | Regressed | None:
    """Tells classes from numbers.

    Args:
        labels: Class indices, one-hot rows or numbers; (examples,) or (examples, values).
        outputs: What the model has returned, (examples,) or (examples, values).
        from_logits: Whether the loss says that outputs are logits.

    Returns:
        The predictions; None if the shapes fit neither.
    """
    columns = outputs.reshape(len(outputs), -1).astype(np.float64)
    if outputs.ndim > 2 or labels.ndim > 2:
        return None
    if columns.shape[1] > 1 and (classes := _classes(labels, columns.shape[1])) is not None:
        return Classified(classes, _distribution(columns))
    truth = labels.reshape(len(labels), -1)
    is_binary = columns.shape[1] == truth.shape[1] == 1 and bool(np.isin(truth, (0, 1)).all())
    if is_binary and (from_logits or _are_probabilities(columns)):
        positive = sigmoid(columns) if from_logits else columns
        return Classified(truth[:, 0].astype(np.int64), np.hstack([1 - positive, positive]))
    return Regressed(truth, columns) if truth.shape == columns.shape else None


def class_names(dataset: Any, count: int) -> tuple[str, ...]:
    """Returns the names of classes: those of the dataset if it has some, else their numbers.

    Args:
        dataset: The dataset.
        count: The number of classes.
    """
    names = tuple(map(str, getattr(dataset, "class_names", ())))
    return names if len(names) == count else tuple(map(str, range(count)))


def softmax(logits: Array) -> Array:
    """Returns the probabilities of classes that exclude each other.

    Args:
        logits: Logits, (examples, classes).
    """
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.softmax(logits, axis=-1)))


def sigmoid(values: Array) -> Array:
    """Returns the probability of each logit.

    Args:
        values: Logits, of any shape.
    """
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.sigmoid(values)))


def _classes(labels: Array, count: int) -> Array | None:
    """Class indices, from indices or rows of probabilities; None for numbers to be predicted."""
    if labels.ndim == 1 or labels.shape[1] == 1:
        indices = labels.reshape(-1)
        return indices.astype(np.int64) if indices.dtype.kind in "iu" else None
    is_distribution = labels.shape[1] == count and _are_distributions(labels)
    return np.asarray(labels.argmax(axis=1)) if is_distribution else None


def _distribution(outputs: Array) -> Array:
    """Probabilities, from probabilities or logits."""
    if _are_distributions(outputs):
        return outputs
    return softmax(outputs)


def _are_probabilities(values: Array) -> bool:
    return bool(((values >= 0) & (values <= 1)).all())


def _are_distributions(rows: Array) -> bool:
    return _are_probabilities(rows) and bool(np.allclose(rows.sum(axis=1), 1, atol=1e-3))
