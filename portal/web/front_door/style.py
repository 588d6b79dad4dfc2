"""The style of these pages: that of the pages of links, and what a form needs besides."""

from __future__ import annotations

from portal.web.recipient.style import STYLE as OF_LINKS
from portal.web.recipient.style import policy_of

STYLE = (
    OF_LINKS
    + """
fieldset{border:0;margin:1.4rem 0 0;padding:0;min-width:0}
legend{font-weight:600;padding:0;margin-bottom:.5rem}
.choice{display:flex;gap:.8rem;align-items:flex-start;border:1px solid var(--line);border-radius:.6rem;
padding:.75rem .9rem;margin:0 0 .5rem;font-weight:400;cursor:pointer}
.choice:has(:checked){border-color:var(--strong);background:var(--well)}
.choice input{width:1.25rem;min-width:1.25rem;min-height:0;height:1.25rem;margin:.2rem 0 0;accent-color:var(--strong)}
.choice b{display:block;color:var(--ink)}
.choice span{color:var(--soft);font-size:.9375rem}
input[type=email],input[type=text],textarea{font:inherit;letter-spacing:normal}
input[name=code]{font:600 1.35rem/1.2 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:.08em}
textarea{width:100%;min-height:6.5rem;padding:.6rem .9rem;border:1.5px solid var(--soft);border-radius:.6rem;
background:var(--paper);color:var(--ink);resize:vertical}
[aria-invalid=true]{border-color:var(--wrong)}
.at{color:var(--wrong);font-size:.9375rem;margin:.35rem 0 0}
.trap{position:absolute;left:-200vw;width:1px;height:1px;overflow:hidden}
.facts{background:var(--well);border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.1rem;margin:1.2rem 0}
.facts dt{color:var(--soft);font-size:.9375rem}
.facts dd{margin:0 0 .5rem;font-weight:600;overflow-wrap:anywhere}
.facts dl{margin:0}
.messages{list-style:none;margin:.8rem 0;padding:0}
.messages li{border:1px solid var(--line);border-radius:.6rem;padding:.7rem .9rem;margin:0 0 .6rem}
.messages .theirs{background:var(--well);border-color:var(--strong)}
.messages p{margin:0;white-space:pre-line;overflow-wrap:anywhere}
.messages .who{color:var(--soft);font-size:.875rem}
nav{text-align:center;font-size:.875rem;padding-top:1rem;max-width:33rem;margin:0 auto}
nav a{color:var(--soft);display:inline-block;padding:.3rem .5rem;min-height:1.75rem}
nav a[aria-current]{color:var(--ink);font-weight:600;text-decoration:none}
"""
)
POLICY = policy_of(STYLE)
