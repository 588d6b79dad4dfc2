"""Streamlit pieces that every screen shares. Draws; decides nothing."""
