"""docs/inspection.md and the rules say the same."""

from pathlib import Path
from typing import get_args

from portal.preview.inspection.fields import _ROLES
from portal.preview.inspection.verdict import Verdict

RULES = (Path(__file__).parents[2] / "docs" / "inspection.md").read_text(encoding="utf-8")


def test_the_document_names_every_verdict_and_every_kind() -> None:
    kinds = {role for role, _ in _ROLES} - {"customer", "business"} | {"email", "phone", "card number", "name"}
    assert {verdict for verdict in get_args(Verdict) if f"| `{verdict}` |" not in RULES} == set()
    assert {kind for kind in kinds if f"| `{kind}` |" not in RULES} == set()
