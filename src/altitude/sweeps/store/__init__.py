"""What is known of the jobs of a sweep: in MLflow or, for one that is not tracked, in memory."""
