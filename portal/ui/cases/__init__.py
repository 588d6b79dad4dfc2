"""Cases on screens: words, table, days and why, steps, notes, and the acts behind More."""
