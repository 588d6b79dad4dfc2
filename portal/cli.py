"""The command line: ``python -m portal demo | serve | practice | export | history | accounts | …``.

Results go to standard output, words for people to standard error. Exit status: 0 done, 1 not done,
2 the input was wrong.
"""

from __future__ import annotations

from typing import Annotated

import typer

from portal.commands import accounts, copying, deliveries, exporting, inspecting, mails, packages
from portal.commands.cases import group as cases
from portal.commands.plain_words import errors_as_sentences
from portal.commands.practising import run_practice
from portal.commands.serving import run_demo, run_serve
from portal.commands.upkeep import auditing, backups, databases, keys, merchants
from portal.commands.upkeep.doctoring import run_doctor
from portal.commands.working import run_worker

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
app.add_typer(cases.app, name="cases")
app.add_typer(packages.app, name="package")
app.add_typer(deliveries.app, name="delivery")
app.add_typer(mails.app, name="mail")
app.command("export")(exporting.export)
app.command("history")(exporting.history)
app.command("confirm")(copying.confirm)
app.command("copy")(copying.copy)
app.command("inspect")(inspecting.inspect)


@app.command()
def demo() -> None:
    """Start the practice merchant and the portal together, with invented people (what `make run` does)."""
    raise typer.Exit(run_demo())


@app.command()
def serve() -> None:
    """Serve the portal for real merchants, configured by PORTAL_* variables (see docs/settings.md)."""
    raise typer.Exit(run_serve())


@app.command()
def worker() -> None:
    """Run exports without serving pages, beside one or more portals on the same database."""
    raise typer.Exit(run_worker())


@app.command()
def practice(
    port: Annotated[int, typer.Option(envvar="PRACTICE_PORT", help="port of the API", min=1, max=65533)] = 8650,
    download_port: Annotated[int, typer.Option(help="port of the second host; 0: port + 1", min=0, max=65535)] = 0,
    latency_ms: Annotated[int, typer.Option(help="added to every answer, milliseconds", min=0, max=60_000)] = 0,
) -> None:
    """Serve the practice merchant alone: the documented API with invented people, on loopback."""
    raise typer.Exit(run_practice(port, download_port or port + 1, latency_ms))


@app.command()
def doctor() -> None:
    """Say whether this configuration is safe to serve, and what to change if not."""
    raise typer.Exit(run_doctor())


def main() -> None:
    """Run the command line; a portal error becomes words and a status, never a stack trace."""
    with errors_as_sentences():
        app()
