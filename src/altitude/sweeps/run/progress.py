"""The progress of a sweep: an immutable state that the display is derived from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from altitude.sweeps.job_record import JobRecord

ENDED = ("FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The state of a sweep's jobs at one moment.

    Attributes:
        total: The number of jobs.
        earlier: Jobs that had ended before this launch, by their identity. Those that had finished
            are skipped, the others are run again.
        ended: Jobs that have ended for good in this launch, by their identity, in the order in
            which it was seen.
        repeated: Failed attempts of jobs that are run again, by identity and run.
        running: The jobs that run now.
    """

    total: int
    earlier: Mapping[str, JobRecord]
    ended: Mapping[str, JobRecord]
    repeated: Mapping[tuple[str, str | None], JobRecord]
    running: tuple[JobRecord, ...]

    @classmethod
    def begin(cls, total: int, known: Mapping[str, JobRecord]) -> "Progress":
        """Returns the state before the first job of a launch.

        Args:
            total: The number of jobs.
            known: The records that earlier launches have left, by the identity of the job.
        """
        earlier = {key: record for key, record in known.items() if record.status in ENDED}
        nothing = cls(total=total, earlier=earlier, ended={}, repeated={}, running=())
        return nothing.advanced(known)

    def advanced(
        self, records: Mapping[str, JobRecord], to_repeat: Collection[str] = ()
    ) -> "Progress":
        """Returns the state after polling the jobs again.

        Args:
            records: The record of each job so far, by its identity.
            to_repeat: The identities of jobs that are run again if they fail.
        """
        ended, repeated = self._still_ended(records), dict(self.repeated)
        for key, record in records.items():
            if record.status not in ENDED or self._ended_earlier(key, record) or key in ended:
                continue
            if record.status != "FINISHED" and key in to_repeat:
                repeated[key, record.run_id] = record
            else:
                ended[key] = record
        running = tuple(o for o in records.values() if o.status == "RUNNING")
        return replace(self, ended=ended, repeated=repeated, running=running)

    @property
    def skipped(self) -> int:
        """The number of jobs that were done before this launch."""
        return sum(record.status == "FINISHED" for record in self.earlier.values())

    @property
    def done(self) -> int:
        """The number of jobs that have finished, in this launch and before."""
        finished = (record.status == "FINISHED" for record in self.ended.values())
        return self.skipped + sum(finished)

    @property
    def failed(self) -> int:
        """The number of jobs of this launch that have failed after all retries."""
        return sum(record.status != "FINISHED" for record in self.ended.values())

    @property
    def left(self) -> int:
        """The number of jobs that have not begun, or will be run again."""
        return max(0, self.total - self.done - self.failed - len(self.running))

    @property
    def finished(self) -> list[JobRecord]:
        """The jobs that have finished, those of earlier launches first."""
        known = [*self.earlier.values(), *self.ended.values()]
        return [record for record in known if record.status == "FINISHED"]

    def ordinal(self, identity: str) -> int:
        """Returns the place of a job among those that have ended, counted from 1.

        Jobs that an earlier launch has run count too.

        Args:
            identity: The identity of a job that has ended.
        """
        return self.skipped + list(self.ended).index(identity) + 1

    def _still_ended(self, records: Mapping[str, JobRecord]) -> dict[str, JobRecord]:
        """The jobs that have ended, without those that go on: a cluster has requeued them."""
        return {
            key: record
            for key, record in self.ended.items()
            if key not in records or records[key].status == record.status
        }

    def _ended_earlier(self, identity: str, record: JobRecord) -> bool:
        before = self.earlier.get(identity)
        if before is None:
            return False
        return (before.run_id, before.status) == (record.run_id, record.status)
