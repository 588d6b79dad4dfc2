"""What colleagues' acts on deliveries consist of: what is needed, the address, the link on its way, what waits."""
