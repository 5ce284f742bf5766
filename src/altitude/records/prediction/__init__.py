"""What the best model of a run predicts for inputs of any size, from files and into a file."""
