"""Hands an export from the services to the workflow engine of this process, if there is one."""

from __future__ import annotations

from typing import Protocol


class Engine(Protocol):
    """What runs the workflow of an export (`durable.DurableEngine`)."""

    def begin(self, export_id: str) -> None: ...
    def begin_again(self, export_id: str) -> None: ...


class WorkflowStarter:
    """Starts workflows with this process's engine. Without one the row waits: the housekeeping of a worker elsewhere,
    or of this process's next start, picks it up."""

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def use(self, engine: Engine | None) -> None:
        """From now on with this engine, or with none."""
        self._engine = engine

    def begin(self, export_id: str) -> None:
        """Start the workflow of an export that was just written down; a second call changes nothing."""
        if self._engine is not None:
            self._engine.begin(export_id)

    def begin_again(self, export_id: str) -> None:
        """Start a new workflow for an export whose former one has ended."""
        if self._engine is not None:
            self._engine.begin_again(export_id)
