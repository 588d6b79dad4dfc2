"""A bare app of one page with one small table."""

import streamlit as st

st.title("Table")
st.dataframe([{"a": n, "b": str(n)} for n in range(10)])
