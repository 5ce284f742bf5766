"""Names of the tags of runs: those for users are plain, internal ones begin with `altitude.`."""

ROLE, JOB, SUMMARY, ATTEMPT = "role", "job", "summary", "attempt"
"""The role of a run in its sweep. An attempt is a run of a job that another run has replaced."""

SWEEP_ID, JOB_NUMBER, COMMAND = "sweep_id", "job_number", "sweep_command"
REASON, EXCEPTION = "reason", "exception"
PRUNED, PRUNED_EPOCH = "pruned", "pruned_epoch"

RESUMED = "resumed"
"""How many times a run has gone on from a resume point."""

RERUN_OF = "rerun_of"
"""The id of the run that was trained again, or its folder if it was not tracked."""

FOLDER = "altitude.folder"
"""The folder of a run's files, on its machine."""

PROCESS = "altitude.process"
"""Machine, number and start of the process that a run belongs to."""

HEARTBEAT = "altitude.heartbeat"
"""The time of the last heartbeat, in seconds since 1970."""

STOP = "altitude.stop"
"""Why a run, or a whole sweep, is asked to stop; empty if it is not."""

IDENTITY = "altitude.sweep_identity"
"""Hash of a sweep's jobs and its search, on the sweep's own run."""

CONFIG_HASH = "altitude.config_hash"
"""Hash of what a job computes."""

SWEPT = "altitude.swept"
"""Values of the swept keys of a job, as JSON, with their types."""

TRAJECTORY = "trajectory"
"""Hash of what decides the weights of a job in each epoch, if other jobs of its sweep share it."""

LIMITS = "altitude.limits"
"""When a job with a trajectory ends, as JSON: its number of epochs, and its patience."""

CONTINUES = "continues"
"""The id of the run in whose last epoch a job with the same trajectory has begun."""

VALIDATION_EXAMPLES = "altitude.validation_examples"
"""How many examples a score is from, for its standard error."""

FORMAT = 2
"""Part of a sweep's hash: a sweep whose tags have other names is another sweep."""
