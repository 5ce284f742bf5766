"""What a program costs that runs in a folder of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ALTITUDE = str(Path(sys.executable).parent / "altitude")
OUTPUT = "output.txt"
TAIL = 3000


@dataclass(frozen=True)
class Cost:
    """What one program took.

    Attributes:
        seconds: Of the whole process, and of those that it waits for.
        memory: Peak resident memory of the largest process, MiB.
    """

    seconds: float
    memory: float


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder with nothing in it but a tracking store that is already there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        provide_store(folder)
        yield folder


def provide_store(folder: Path) -> None:
    """Puts an empty store into the folder: creating one is the price of the first run alone."""
    template = Path(tempfile.gettempdir()) / f"altitude-bench-{os.getpid()}.db"
    if not template.exists():
        code = f"from mlflow import MlflowClient; MlflowClient('sqlite:///{template}').search_experiments()"
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=folder)
    (folder / "mlflow.db").write_bytes(template.read_bytes())


def cost_of(program: Sequence[str], folder: Path) -> Cost:
    """Runs a program in a folder.

    Raises:
        SystemExit: If it fails; the end of what it wrote is shown.
    """
    output = folder / OUTPUT
    with output.open("wb") as file:
        began = time.perf_counter()
        process = subprocess.Popen(
            program, cwd=folder, env=environment(), stdout=file, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    if status != 0:
        code = os.waitstatus_to_exitcode(status)
        print(output.read_text(errors="replace")[-TAIL:], file=sys.stderr)
        raise SystemExit(f"{' '.join(program)} failed with status {code}")
    return Cost(seconds, usage.ru_maxrss / 1024)


def environment() -> dict[str, str]:
    """This process' own, without a tracking server, and with the recipes to be imported."""
    found = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    path = [str(HERE), *filter(None, [found.get("PYTHONPATH")])]
    return found | {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONPATH": os.pathsep.join(path)}
