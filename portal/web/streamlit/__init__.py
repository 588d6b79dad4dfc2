"""Everything that depends on Streamlit's private parts. Each module names the upstream fault, the version it was seen
in, its contract test, and what happens when the part is missing (`private_parts`)."""
