"""The Accounts page alone, for AppTest (which wants pages of a navigation as files)."""

import streamlit as st

st.navigation([st.Page("../../pages/accounts.py", title="Accounts", default=True)]).run()
