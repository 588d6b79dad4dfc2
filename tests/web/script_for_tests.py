"""The Streamlit script the gate's tests talk to: says what a page would know about its visitor."""

import secrets

import streamlit as st

from portal.runtime import get_portal
from portal.web.streamlit import page_run

session_hash = st.user.get("session_hash")
user = get_portal().sessions.resolve_hash(session_hash) if session_hash else None
st.session_state.setdefault("mark", secrets.token_hex(8))
st.text(f"who={user.email if user else 'nobody'}")
st.text(f"mark={st.session_state['mark']}")
st.text(f"ended={st.user.get('ended')}")
st.text(f"address={st.user.get('address')}")
st.text(f"socket={page_run.current_socket()}")
st.text(f"cookies={sorted(st.context.cookies)}")
st.text(f"language={st.user.get('language')}")
st.text(f"forged={st.context.headers.get('x-portal-role')}")
if st.query_params.get("fail"):
    raise ValueError("canary-detail-of-a-fault")
