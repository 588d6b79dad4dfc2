"""Exports: request -> durable workflow -> states -> history."""

from portal.exports.core.download import Download
from portal.exports.core.states import State
from portal.exports.core.views import ExportPage, ExportView
from portal.exports.form.lookups import ProgramChoice
from portal.exports.form.request import ExportRequest, parse_request, suggested_email
from portal.exports.form.submissions import AskedAlready
from portal.exports.history.filters import HistoryFilter

__all__ = [
    "AskedAlready",
    "Download",
    "ExportPage",
    "ExportRequest",
    "ExportView",
    "HistoryFilter",
    "ProgramChoice",
    "State",
    "parse_request",
    "suggested_email",
]
