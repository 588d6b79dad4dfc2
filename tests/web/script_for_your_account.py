"""The page Your account alone, for AppTest; without a live session a word instead, as the portal's script does."""

import streamlit as st

from portal.ui.account.session import signed_in_user

if signed_in_user() is None:
    st.text("signed out")
else:
    st.navigation([st.Page("../../pages/your_account.py", title="Your account", default=True)]).run()
