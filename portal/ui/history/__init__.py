"""Tables of Past exports and of the audit trail."""
