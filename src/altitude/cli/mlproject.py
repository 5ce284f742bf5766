"""The command of the file `MLproject`: parameters of `mlflow run` as overrides.

`mlflow run . -P loop=tape -P optimizer.learning_rate=1e-3` calls this module with
`'' --loop tape --optimizer.learning_rate 1e-3`.
"""

import shlex
import sys
from collections.abc import Sequence

from altitude.cli import main

SWEEP = "--multirun"


def arguments_from(words: Sequence[str]) -> list[str]:
    """Turns what MLflow passes into arguments of `altitude`.

    Args:
        words: Overrides in one text, `--multirun` for a sweep, then `--KEY VALUE` pairs.

    Returns:
        The arguments, flags first.
    """
    text, *rest = words
    flags = rest[:1] if rest[:1] == [SWEEP] else []
    pairs = rest[len(flags) :]
    keys = [key.removeprefix("--") for key in pairs[::2]]
    overrides = [f"{key}={value}" for key, value in zip(keys, pairs[1::2], strict=True)]
    return [*flags, *shlex.split(text), *overrides]


if __name__ == "__main__":
    sys.argv[1:] = arguments_from(sys.argv[1:])
    main()
