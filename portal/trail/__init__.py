"""The audit trail for those who may read it: its pages, evidence about an export, and what is held about a person."""
