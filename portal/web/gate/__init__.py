"""The one outermost middleware, and what it needs: who may reach what, limits, cookies, headers."""
