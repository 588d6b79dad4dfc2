"""The command line: ``python -m portal demo | serve | practice | export | history | accounts | …``.

Results go to standard output, words for people to standard error. Exit status: 0 done, 1 not done,
2 the input was wrong. Commands import what they need when they run, so that `--help` is quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

from portal.commands import accounts, auditing, backups, databases, exporting, inspecting, keys, merchants
from portal.commands.plain_words import in_plain_words

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="LoyaltyDog privacy portal: serve it, practise with it, run exports from scripts.",
)
app.add_typer(accounts.app, name="accounts")
app.add_typer(merchants.app, name="merchants")
app.add_typer(auditing.app, name="audit")
app.add_typer(keys.app, name="keys")
app.add_typer(backups.app, name="backup")
app.add_typer(databases.app, name="database")
app.command("export")(exporting.export)
app.command("history")(exporting.history)
app.command("inspect")(inspecting.inspect)


@app.command()
def demo() -> None:
    """Start the practice merchant and the portal together, with invented people (what `make run` does)."""
    from portal.commands.serving import run_demo

    raise typer.Exit(run_demo())


@app.command()
def serve() -> None:
    """Serve the portal for real merchants, configured by PORTAL_* variables (see README)."""
    from portal.commands.serving import run_serve

    raise typer.Exit(run_serve())


@app.command()
def worker() -> None:
    """Run exports without serving pages, beside one or more portals on the same database."""
    from portal.commands.serving import run_worker

    raise typer.Exit(run_worker())


@app.command()
def practice(
    port: Annotated[int, typer.Option(envvar="PRACTICE_PORT", help="port of the API")] = 8650,
    download_port: Annotated[int, typer.Option(help="port of the second host; 0: port + 1")] = 0,
    latency_ms: Annotated[int, typer.Option(help="added to every answer, milliseconds")] = 0,
) -> None:
    """Serve the practice merchant alone: the documented API with invented people, on loopback."""
    from portal.practice.server import serve as serve_practice
    from portal.practice.settings import PracticeSettings

    serve_practice(PracticeSettings(port=port, download_port=download_port or port + 1, latency_ms=latency_ms))


@app.command()
def doctor() -> None:
    """Say whether this configuration is safe to serve, and what to change if not."""
    from portal.commands.serving import run_doctor

    raise typer.Exit(run_doctor())


def main() -> None:
    """Run the command line; a portal error becomes words and a status, never a stack trace."""
    with in_plain_words():
        app()
