"""The style of the pages of a link. It stands in the page, and the policy names its hash: no other style applies."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--paper:light-dark(#fff,#16262a);--ground:light-dark(#eef3f3,#0b1517);
--ink:light-dark(#0d2225,#e8f0f0);--soft:light-dark(#48605f,#a9bfbf);--line:light-dark(#c9d6d5,#33494c);
--strong:light-dark(#0f6b66,#5cc9c0);--on-strong:light-dark(#fff,#06201e);--well:light-dark(#f4f8f8,#102023);
--wrong:light-dark(#9b1c1c,#ffb4a8);--wrong-ground:light-dark(#fdf0ee,#3a1a17)}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);
font:1.0625rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
padding:clamp(1rem,7vh,5rem) 1rem 2rem}
main,footer{max-width:33rem;margin:0 auto}
main{background:var(--paper);border:1px solid var(--line);border-radius:1rem;padding:clamp(1.25rem,5vw,2.5rem);
box-shadow:0 1px 2px rgb(0 0 0/.05),0 12px 32px rgb(0 40 40/.07)}
svg{display:block;width:2.75rem;height:2.75rem;margin-bottom:1.1rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .4rem;letter-spacing:-.01em}
h2{font-size:1.0625rem;margin:0 0 .35rem}
p,ol,dl{margin:0 0 1rem}
.from{color:var(--soft);overflow-wrap:anywhere}
.hint{color:var(--soft);font-size:.9375rem;margin:.4rem 0 1rem}
label{display:block;font-weight:600;margin-top:1.4rem;margin-bottom:.4rem}
input{width:100%;min-height:3.25rem;padding:.5rem .9rem;border:1.5px solid var(--soft);border-radius:.6rem;
background:var(--paper);color:var(--ink);font:600 1.35rem/1.2 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
letter-spacing:.08em}
input[name=code]{text-transform:uppercase}
button{width:100%;min-height:3.1rem;padding:.6rem 1.2rem;border:1.5px solid var(--strong);border-radius:.6rem;
background:var(--strong);color:var(--on-strong);font-family:inherit;font-size:1.0625rem;font-weight:600;cursor:pointer}
button:hover{filter:brightness(1.08)}
button.quiet{background:transparent;color:var(--strong)}
button.grave{background:transparent;color:var(--wrong);border-color:var(--wrong)}
:focus-visible{outline:3px solid var(--strong);outline-offset:3px}
input:focus-visible{outline-offset:1px}
form>.hint:first-child{margin-top:1.1rem}
.wrong,.good{border-radius:.6rem;padding:.8rem 1rem;margin:1.1rem 0 0}
.wrong{background:var(--wrong-ground);color:var(--wrong);border:1px solid currentColor}
.good{background:var(--well);border:1px solid var(--strong)}
section,details{border-top:1px solid var(--line);margin-top:1.6rem;padding-top:1.2rem}
section p:last-child,section ol:last-child,details p:last-child{margin-bottom:0}
summary{cursor:pointer;font-weight:600}
details>:nth-child(2){margin-top:.8rem}
details form{margin-top:1rem}
.file{background:var(--well);border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.1rem;margin:1.2rem 0}
.file dl,.file p{margin:0}
.file dt{color:var(--soft);font-size:.9375rem}
.file dd{margin:0 0 .5rem;font-weight:600;overflow-wrap:anywhere}
.file form{margin-top:1rem}
.file .hint{margin:.8rem 0 0}
code{font:.9375rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
ol{padding-inline-start:1.3rem}
li{margin-bottom:.35rem}
.inside{list-style:none;margin:.8rem 0 0;padding:0;font-size:.9375rem;overflow-wrap:anywhere}
.inside li{display:flex;gap:1rem;justify-content:space-between}
.inside span{color:var(--soft);white-space:nowrap}
.contact{white-space:pre-line;overflow-wrap:anywhere;font-size:.9375rem}
footer{color:var(--soft);font-size:.875rem;text-align:center;padding:1.1rem .5rem 0}
@media print{button,input,footer{display:none}main{border:0;box-shadow:none}}
"""


def policy_of(style: str) -> str:
    """No script, nothing from outside, and of styles this one alone."""
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    own = f"style-src 'sha256-{hashed}'; form-action 'self'"
    return f"default-src 'none'; {own}; base-uri 'none'; frame-ancestors 'none'"


POLICY = policy_of(STYLE)
