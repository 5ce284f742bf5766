"""Extracts the original message of an exception that libraries have wrapped."""

import re

LONGEST = 400
"""Maximum length of a message, in characters."""

KERAS_LAYER = re.compile(r"\x1b\[1m(.*?)\x1b\[0m", re.DOTALL)
"""Keras prints the message of an exception in a layer's `call` in bold."""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")

AUTOGRAPH = "in user code:"
"""Start of the message of a function that AutoGraph converted; a traceback follows."""

INFERRED = "Error encountered:"
"""Precedes the message of a layer whose output shape Keras could not infer."""

RUNTIME = "Graph execution error:"
"""Start of the message of an operation that failed in a graph; a traceback follows."""

HYDRA_TARGET = re.compile(r"Error in call to target [^\n]*:\n(\w+)\((['\"])(.*?)(?:\\n.*)?\2\)")
"""Hydra's message for an exception in a target; a pickled error has nothing else of it."""


def root_exception(error: BaseException) -> BaseException:
    """Returns the exception behind Hydra's InstantiationException, or the exception itself.

    Args:
        error: Any exception.
    """
    from hydra.errors import InstantiationException

    while isinstance(error, InstantiationException) and error.__cause__ is not None:
        error = error.__cause__
    return error


def describe_cause(error: BaseException) -> str:
    """Describes an exception in one line: its class and the first line of its message.

    Args:
        error: Any exception.

    Returns:
        At most one line, without what libraries wrap around the message.
    """
    name = type(error).__name__
    message = strip_wrappers(_message(error)).removeprefix(f"{name}: ")
    return f"{name}: {message}" if message else name


def strip_wrappers(message: str) -> str:
    """Removes what Hydra, Keras, AutoGraph and TensorFlow add to a message.

    Args:
        message: The message of an exception.

    Returns:
        One line, shortened if it is very long.
    """
    bold = KERAS_LAYER.search(message)
    if bold and bold.group(1).strip():
        return strip_wrappers(bold.group(1))
    if AUTOGRAPH in message:
        return strip_wrappers(_after_traceback(message.partition(AUTOGRAPH)[2]))
    if INFERRED in message:
        return strip_wrappers(message.partition(INFERRED)[2])
    target = HYDRA_TARGET.match(message)
    if target:
        return f"{target[1]}: {target[3]}"
    lines = [line.strip() for line in COLOUR.sub("", message).splitlines() if line.strip()]
    if lines and lines[0].startswith(RUNTIME):  # the calls come first, the message last
        lines = [line for line in reversed(lines) if not line.startswith("[[")]
    first = lines[0].partition(" [[{{node")[0] if lines else ""
    return first if len(first) <= LONGEST else first[: LONGEST - 3] + "..."


def _message(error: BaseException) -> str:
    if isinstance(error, KeyError) and error.args:
        return f"{error.args[0]!r} is not there"
    if isinstance(error, SyntaxError):  # whose text repeats the file and the line
        return error.msg
    return str(error)


def _after_traceback(text: str) -> str:
    """Returns the text after the last `File ...` entry of a traceback inside a message."""
    lines = text.splitlines()
    entries = [number for number, line in enumerate(lines) if line.lstrip().startswith('File "')]
    if not entries:
        return text
    rest = lines[entries[-1] + 1 :]
    indent = _indent(lines[entries[-1]])
    # The source line is indented further than its entry; what comes after it is the message.
    after = [n for n, line in enumerate(rest) if line.strip() and _indent(line) <= indent]
    return "\n".join(rest[after[0] :]) if after else text


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
