"""Where configs are found, and how Hydra loads them."""
