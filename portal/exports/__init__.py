"""Exports: request -> durable walk -> states -> history."""

from portal.exports.listing import Download, HistoryFilter, Today
from portal.exports.lookups import CardChoice, ProgramChoice
from portal.exports.request import ExportRequest, parse_request, suggested_email
from portal.exports.service import Exports
from portal.exports.states import State
from portal.exports.submitting import AskedAlready
from portal.exports.views import ExportPage, ExportView

__all__ = [
    "AskedAlready",
    "CardChoice",
    "Download",
    "ExportPage",
    "ExportRequest",
    "ExportView",
    "Exports",
    "HistoryFilter",
    "ProgramChoice",
    "State",
    "Today",
    "parse_request",
    "suggested_email",
]
