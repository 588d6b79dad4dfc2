"""The group `cases` of the command line."""

from __future__ import annotations

import typer

from portal.commands.cases import clock, keeping, looking, opening, recording, sources

app = typer.Typer(no_args_is_help=True, help="One person's request as a case: its dates, and why they are so.")
app.command("clock")(clock.clock)
app.command("open")(opening.open_case)
app.command("list")(looking.list_cases)
app.command("show")(looking.show)
app.command("due")(looking.due)
app.command("sources")(sources.sources)
app.command("note")(recording.note)
app.command("extend")(recording.extend)
app.command("refuse")(recording.refuse)
app.command("close")(recording.close)
app.command("retention")(keeping.retention)
