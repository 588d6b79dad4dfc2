"""What a step of the workflow decided: run it again later, go on from a state, or stop."""

from __future__ import annotations

from dataclasses import dataclass

from portal.exports.core.states import State


@dataclass(frozen=True)
class Wait:
    """Run the same step again after `seconds`. `paced`: a rate limit held it back, so no try was used up."""

    seconds: float
    paced: bool = False


@dataclass(frozen=True)
class Done:
    """The export is in `state`; the step for that state, if any, is next."""

    state: State


@dataclass(frozen=True)
class Stop:
    """Nothing is left for the workflow to do: the export has ended, or a person decides."""


StepResult = Wait | Done | Stop
