"""The records of a sweep's jobs: in MLflow or, without tracking, in memory."""
