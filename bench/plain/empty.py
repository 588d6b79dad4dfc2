"""The emptiest app: one page, one line."""

import streamlit as st

st.title("Empty")
