"""Random command lines: real keys, misspelled ones, broken syntax, sweeps, Hydra's flags."""

import random
import string
from collections.abc import Callable, Sequence

from altitude.config.composing import compose_config
from altitude.config.suggestions import keys_of

GROUPS = ("callbacks", "dataset", "debug", "experiment", "loop", "model", "objective")
OPTIONS = (
    "adam",
    "cnn",
    "default",
    "digits",
    "fit",
    "gan",
    "grid",
    "mlp",
    "none",
    "optuna",
    "tape",
)
PLAIN = ("0", "1", "-1", "3", "1e-3", "1e30", "true", "null", "abc", "nan", "-inf", "''", "2.5")
HUGE = ("9" * 30, "-" + "9" * 20, "1e999", str(2**64), "0x10", "1_000")
NESTED = ("[]", "{}", "[1,2]", "{a: 1}", "[[1]]", "{_target_: builtins.exit}", "{a: {b: [1, {}]}}")
REFERENCES = ("${seed}", "${nothing}", "${.x}", "${oc.env:NO}", "${seed", "${hydra:job.num}", "???")
SWEEPS = (
    "1,2",
    "a,b",
    "choice(1,2)",
    "range(1,4)",
    "interval(0,1)",
    "glob(*)",
    "shuffle(1,2)",
    ",",
)
BROKEN = ("[1", "{a", "'x", '"', "a=b", "=", "a b", "\\", "(", ")", ":", "@", "$", "[,]", "1 ,")
UNICODE = ("ü", "日本", "\N{EM DASH}x", "\N{NO-BREAK SPACE}", "\U0001f600", "e\u0301")
VALUES = (PLAIN, PLAIN, OPTIONS, HUGE, NESTED, REFERENCES, SWEEPS, BROKEN, UNICODE)
PREFIXES = ("", "", "", "", "+", "++", "~", "+++", "-")
ABBREVIATED = ("lr", "batch", "epochs", "clip", "patience", "val_acc", "hydra", "defaults", "a.b.c")
OF_HYDRA = (
    "hydra/launcher",
    "hydra/sweeper",
    "hydra/job_logging",
    "hydra.run.dir",
    "hydra.mode",
    "hydra.searchpath",
    "hydra.sweeper.params",
    "hydra.verbose",
)
FLAGS = (
    "-m",
    "--multirun",
    "--cfg=job",
    "--resolve",
    "--info=config",
    "--epochs=3",
    "--config-name=x",
)


def misspelled(word: str, chance: random.Random) -> str:
    """The word with one letter dropped, doubled or changed."""
    place = chance.randrange(len(word))
    letter = chance.choice(["", word[place] * 2, chance.choice(string.ascii_letters + "._/@ ")])
    return word[:place] + letter + word[place + 1 :]


def command_lines(seed: int, count: int) -> list[list[str]]:
    """Makes command lines.

    Args:
        seed: Two calls with the same one make the same lines.
        count: How many.

    Returns:
        The arguments of each.
    """
    chance = random.Random(seed)
    known = [
        key for option in ("fit", "tape") for key in keys_of(compose_config([f"loop={option}"])[0])
    ]
    keys: Sequence[Callable[[], str]] = (
        lambda: chance.choice(known),
        lambda: chance.choice(known),
        lambda: chance.choice(GROUPS),
        lambda: chance.choice(ABBREVIATED),
        lambda: chance.choice(OF_HYDRA),
        lambda: misspelled(chance.choice([*known, *GROUPS]), chance),
        lambda: f"{chance.choice(known)}.{chance.choice(ABBREVIATED)}",
        lambda: f"{chance.choice(GROUPS)}@{chance.choice(ABBREVIATED)}",
    )

    def argument() -> str:
        kind = chance.random()
        if kind < 0.05:
            return chance.choice(FLAGS)
        if kind < 0.1:
            return chance.choice([*OPTIONS, *BROKEN, *UNICODE, "train", "help", ""])
        value = chance.choice(chance.choice(VALUES))
        equals = chance.choice(["=", "=", "=", "=", "=", "=", "", ":", " = "])
        return f"{chance.choice(PREFIXES)}{chance.choice(keys)()}{equals}{value}"

    return [[argument() for _ in range(chance.choice([1, 1, 1, 2, 3]))] for _ in range(count)]
