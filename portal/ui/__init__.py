"""Streamlit pieces that pages share. Draws; decides nothing."""
