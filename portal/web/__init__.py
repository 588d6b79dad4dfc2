"""Plain HTTP around Streamlit: the gate, security headers, the session's cookie, downloads, health."""
