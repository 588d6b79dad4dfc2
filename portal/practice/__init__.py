"""The practice merchant: a separate server that speaks the documented LoyaltyDog API with invented people.

It imports nothing else of ``portal``, so that a mistake in the portal's client is not mirrored by the server that
tests it. Start it with ``python -m portal.practice``.
"""
