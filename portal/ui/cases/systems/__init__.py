"""The lines of the merchant's other systems on the case page."""
