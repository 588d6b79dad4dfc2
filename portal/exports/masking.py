"""What is shown of a data subject until somebody asks to see it."""

from __future__ import annotations


def masked_subject(kind: str, value: str) -> str:
    """``ada@example.com`` -> ``a•••@example.com``; a customer ID keeps its last four characters."""
    if kind == "email":
        local, _, domain = value.rpartition("@")
        return f"{local[:1]}•••@{domain}"
    return f"•••{value[-4:]}" if len(value) > 6 else f"•••{value[-1:]}"
