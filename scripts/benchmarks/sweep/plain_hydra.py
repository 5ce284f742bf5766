"""The hand-written recipe under plain Hydra."""

from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig


@hydra.main(version_base="1.3", config_path=".", config_name="plain_hydra")
def main(config: DictConfig) -> None:
    """Runs one job."""
    # Imported here, TensorFlow is loaded by the processes that train, and by no other.
    from sweep.train import train

    train(
        learning_rate=config.learning_rate,
        patience=config.patience,
        clip_norm=config.clip_norm,
        epochs=config.epochs,
        folder=Path(HydraConfig.get().runtime.output_dir),
    )


if __name__ == "__main__":
    main()
