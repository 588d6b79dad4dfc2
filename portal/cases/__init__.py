"""One person's request as a case: `clock/` computes its dates, `services/` opens cases and records in them."""
