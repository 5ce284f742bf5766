"""The hand-written recipe as a function and as a script, tracked by MLflow's autolog."""

import sys
from pathlib import Path

import keras
import mlflow
import recipe
from clipped_model import ClippedModel


def train(
    *, learning_rate: float, patience: int, clip_norm: float, epochs: int, folder: Path
) -> None:
    """Trains and tests one model, and leaves its files in a folder."""
    mlflow.tensorflow.autolog()
    keras.utils.clear_session()
    keras.utils.set_random_seed(42)
    training, validation, test = recipe.load_datasets()
    model = ClippedModel(*recipe.layers(), clip_norm=clip_norm)
    model.compile(**recipe.compile_arguments(learning_rate))
    with mlflow.start_run():
        mlflow.log_param("clip_norm", clip_norm)  # of the three, the one that autolog cannot know
        model.fit(
            training,
            validation_data=validation,
            epochs=epochs,
            verbose=2,
            callbacks=recipe.callbacks(patience, folder),
        )
        scores = model.evaluate(test, verbose=0, return_dict=True)
        mlflow.log_metrics({f"test_{name}": score for name, score in scores.items()})


if __name__ == "__main__":
    rate, stop_after, norm, length, place = sys.argv[1:]
    Path(place).mkdir(parents=True)
    train(
        learning_rate=float(rate),
        patience=int(stop_after),
        clip_norm=float(norm),
        epochs=int(length),
        folder=Path(place),
    )
