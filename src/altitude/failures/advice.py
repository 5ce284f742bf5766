"""Advice for common mistakes."""

import re
from dataclasses import dataclass

from altitude.errors import did_you_mean

Kinds = type[BaseException] | tuple[type[BaseException], ...]


@dataclass(frozen=True)
class Advice:
    """Advice on one kind of mistake.

    Attributes:
        kinds: Exception classes that it applies to.
        pattern: Regular expression that the cause must match.
        text: The advice; `{0}`, `{1}`, ... are the groups of the match.
    """

    kinds: Kinds
    pattern: str
    text: str

    def applied(self, error: BaseException, cause: str) -> str:
        """Returns the text for an exception; empty if it does not match.

        Args:
            error: The exception.
            cause: Its description in one line.
        """
        found = re.search(self.pattern, cause)
        return self.text.format(*found.groups()) if isinstance(error, self.kinds) and found else ""


RETURN = "something that was called before returned None: does every function `return` its result?"
FLATTEN = (
    "the model's output must fit the labels: a keras.layers.Flatten() before the last layer? "
    "as many units in it as spec.num_classes?"
)
METRICS = (
    "a step updates the compiled metrics: `return model.compute_metrics(x, y, y_pred)` does, or "
    "metrics of its own, made in `build`"
)
ARGUMENTS = "compare how it is called with how it is defined: `def` and its arguments"

ADVICE = (
    Advice(
        ModuleNotFoundError,
        r"No module named '(\w+)",
        "is it installed here (pip install {0})? Or on the path: PYTHONPATH=folder altitude ...",
    ),
    Advice(ImportError, r"cannot import name '(\w+)'", "a name that this module has, for `{0}`"),
    Advice(SyntaxError, r"", "correct this line, or the one before it"),
    Advice(
        ValueError,
        r"(?i)arguments `target` and `output` must have the same (?:shape|rank)"
        r"|shapes? .*(?:incompatible|must be equal|mismatch)",
        FLATTEN,
    ),
    Advice(
        Exception,
        r"(?i)logits and labels must",
        FLATTEN,
    ),
    Advice(
        Exception,
        r"(?i)incompatible shapes|dimensions must be equal|matrix size-incompatible",
        "the shapes of two tensors do not fit: print them, with loop.run_eagerly=true",
    ),
    Advice(ValueError, r"metric has not yet been built", METRICS),
    Advice(
        ValueError,
        r"is incompatible with the layer: expected axis|expected min_ndim|expected ndim",
        "a layer is given another shape than it takes: the data's is spec.input_shape",
    ),
    Advice(Exception, r"(?i)label value .* outside the valid range", FLATTEN),
    Advice(
        Exception,
        r"(?i)(?:OOM|resource exhausted|unable to allocate)",
        "a smaller dataset.batch_size, or a smaller model",
    ),
    Advice(
        (AttributeError, TypeError, ValueError),
        r"'?NoneType'?|None values not supported|of type None|None of type",
        RETURN,
    ),
    Advice(
        AttributeError,
        r"'(\w+)' object has no attribute '(?:name|built|_\w+)'",
        "call super().__init__() as the first line of __init__ in `{0}`",
    ),
    Advice(
        RuntimeError,
        r"(?i)super\(\)\.__init__|super\(.*__init__",
        "call super().__init__() as the first line of the class's __init__",
    ),
    Advice(TypeError, r"unexpected keyword argument '(\w+)'", "leave `{0}` out, or take it"),
    Advice(TypeError, r"positional argument|missing \d+ required", ARGUMENTS),
    Advice(KeyError, r"KeyError: '?(\w+)'? is not there", "a key that is there, for {0}"),
)
"""The first that applies is used."""


def advice_for(error: BaseException, cause: str) -> str:
    """Returns the advice for an exception and its cause; empty if there is none.

    Args:
        error: The exception.
        cause: Its description in one line.
    """
    return _similar_name(error) or next(
        filter(None, (advice.applied(error, cause) for advice in ADVICE)), ""
    )


def _similar_name(error: BaseException) -> str:
    """Suggests an existing name that is spelled like the missing one."""
    if isinstance(error, NameError) and error.name:
        known = _names_at(error)
        return did_you_mean(error.name, known) or f"import or define `{error.name}` above this line"
    if isinstance(error, AttributeError) and error.name and error.obj is not None:
        return did_you_mean(error.name, dir(error.obj))
    return ""


def _names_at(error: BaseException) -> list[str]:
    """Returns the names in scope of the line that raised an exception."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return []
    return [*trace.tb_frame.f_locals, *trace.tb_frame.f_globals]
