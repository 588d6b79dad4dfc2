"""The page shell: Streamlit's own `index.html` in six languages, with our title, icon, script and styles.

The same bytes for everyone (SEC-31): what it shows comes later, over the socket. Built once at start.

Upstream (Streamlit 1.67), none with an option:

- A page is drawn as its parts arrive: the text at the left edge first, then a sidebar that pushes it aside, then grey
  bars that grow into fields (measured: a layout shift of 0.30 to 0.59, where 0.05 is good). `OPENING` hides the page
  for these moments.
- The inline script does nothing we need, and three faults of the front end are mended in its place (`SCRIPT`). The
  content policy knows the script by its hash (`portal.web.gate.headers`).
- Contrast, target sizes and a field's counter fall short of WCAG 2.2 (`REPAIRS`).

Contract tests: `tests/web/streamlit/test_shell.py`, `tests/browser/test_layout_holds_still.py`. Missing: a part of the
page that is replaced here is safety, `UnknownFrontEnd` stops the start. The names that `OPENING` and `REPAIRS` look for
are comfort: without them a page is seen at once, or after `OPENING_SECONDS`, and is drawn as Streamlit draws it.
"""

from __future__ import annotations

from portal.language import LANGUAGES
from portal.web.brand import ICON_ADDRESS
from portal.web.streamlit.front_end import UnknownFrontEnd, index_html, inline_script_hash

LANGUAGE_MARK = '<html lang="en">'
TITLE_MARK = "<title>Streamlit</title>"
TITLE = "<title>Privacy portal</title>"
ICON_MARK = '<link rel="shortcut icon" href="./favicon.png" />'
ICON = f'<link rel="icon" href="{ICON_ADDRESS}" />'
END_OF_HEAD = "</head>"
OPENING_SECONDS = 2.0
OPENING = f"""<style>
@keyframes opening {{ from, to {{ --opening: hidden; --drawn: 0 }} }}
.stApp {{ animation: opening {OPENING_SECONDS}s }}
.stApp:not(:has([data-testid="stSidebarNavLink"], .stForm)) > *,
.stApp:has([data-testid="stSkeleton"], [data-testid="stAppSkeleton"]) > * {{
visibility: var(--opening, visible); opacity: var(--drawn, 1) }}
</style>"""

SCRIPT_MARK = """<script>
      window.prerenderReady = false
    </script>"""
# 1. Streamlit's protobuf bundle compiles WebAssembly at load, inside a `try`, with JavaScript as its fallback (the
#    package `long`; Streamlit 1.67). The content policy refuses it and Firefox logs the refusal at each load. Without
#    the name there is nothing to refuse; the same fallback is taken.
# 2. On `/settings` Streamlit looks for its server under that path first and, refused, waits half a second before it
#    asks at the root (1.67; measured: a page opened by its address stood after 1.0 s, told the place after 0.5).
# 3. Streamlit closes the menu after a choice only where the browser calls itself a phone; a narrow window needs it too.
# 4. A page begins in its first text field, or past the menu where it has none, once, when its first run is over; a form
#    that unfolds begins in its first field.
#    Once more where that field comes late or is exchanged by the page's first drawing, unless the person acted since.
#    Not below the first screen, nor where a finger points: its keyboard would cover the page. Nobody is taken elsewhere
#    who types already, or who pressed a key or clicked since the page's address came: its first run may end late.
# 5. Enter in a field of a container whose key begins with `enter_` presses its last primary button, as Enter in
#    `st.form` does; such a form checks its fields as one goes, which `st.form` cannot.
SCRIPT = """<script>
      window.prerenderReady = false
      delete window.WebAssembly
      window.__streamlit = { BACKEND_BASE_URL: location.origin + "/" }
      addEventListener("click", (event) => {
        if (innerWidth > 768 || !event.target.closest?.("[data-testid=stSidebarNavLink]")) return
        setTimeout(() => document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click())
      })
      const FIELD = "input:is([type=text], [type=email], [type=password], [type=search]):not([role=combobox])"
      const fieldOf = (part, kinds) => [...part.querySelectorAll(kinds)].find((field) =>
        !field.disabled && field.checkVisibility() && field.getBoundingClientRect().bottom < innerHeight)
      let begun = "", seen = "", left = document.title, since = 0, acted = false
      const begin = () => {
        if (seen !== location.pathname) acted = false
        seen = location.pathname
        const again = begun === seen
        if (again && (acted || performance.now() > since + 10000)) return
        const page = document.querySelector("[data-test-script-state=notRunning] [data-testid=stMain]")
        if (again && ![document.body, page].includes(document.activeElement)) return
        const shown = page?.querySelector("h1")?.checkVisibility({ visibilityProperty: true })
        if (!shown || (!again && document.title === left) || matchMedia("(pointer: coarse)").matches) return
        if (!again) since = performance.now()
        begun = seen
        left = document.title
        if (acted || page.contains(document.activeElement) && document.activeElement.matches("input, textarea")) return
        const field = fieldOf(page, `${FIELD}, textarea`)
        if (field) field.focus({ preventScroll: true })
        else if (!again) page.focus({ preventScroll: true, focusVisible: false })
      }
      for (const act of ["keydown", "pointerdown"]) addEventListener(act, () => { acted = true }, true)
      new MutationObserver(begin).observe(document, { attributes: true, childList: true, subtree: true })
      addEventListener("toggle", ({ target }) => {
        if (target.open && target.querySelector(".stForm") && target.contains(document.activeElement))
          fieldOf(target, FIELD)?.focus()
      }, true)
      addEventListener("keydown", (event) => {
        const form = event.key === "Enter" && !event.isComposing && event.target.matches?.(FIELD)
          && event.target.closest("[class*=st-key-enter_]")
        const buttons = () => [...form.querySelectorAll("[data-testid=stBaseButton-primary]:enabled")]
        if (form) setTimeout(() => buttons().at(-1)?.click())
      })
    </script>"""
# Measured in Streamlit 1.67: the selected tab has 3.67:1 in the dark theme, a button's keys 2.72:1 (60 % opaque), a
# date's parts are 18 by 20 pixels (WCAG 2.2: 1.4.3, 2.5.8), a field's counter lies over the last words in it.
# What may be done with a list's rows appears in a bar of the height that it has without, so that no row moves away
# under the pointer. A heading's link to itself is one more stop of the Tab key and leads nowhere.
# `danger_` begins the key of every button that destroys something or takes it away from somebody.
REPAIRS = """<style>
[data-testid="stTab"][aria-selected="true"] { color: inherit !important; font-weight: 600 }
button kbd { opacity: 1 !important }
[role="spinbutton"][contenteditable] { min-width: 24px; min-height: 24px; line-height: 24px; text-align: center }
:is([data-testid="stTextInput"], [data-testid="stTextArea"], [data-testid="stNumberInput"])
[data-testid="InputInstructions"] { bottom: -1rem; right: 0; line-height: 1rem }
.st-key-list_bar { min-height: 2.5rem }
[data-testid="stHeaderActionElements"] > a[href^="#"] { display: none !important }
[class*="st-key-danger_"] button { color: light-dark(#b3261e, #f2938c); border-color: currentColor }
[class*="st-key-danger_"] button[data-testid*="primary"] { color: #fff; background: #b3261e; border-color: #b3261e }
[class*="st-key-danger_"] button[data-testid*="primary"]:is(:hover, :active) { background: #8c1d17 }
[class*="st-key-danger_"] button:disabled { opacity: 0.5 }
</style>"""


def shells(page: str) -> dict[str, bytes]:
    """The shell in every language, by its two letters. Raises UnknownFrontEnd when `page` is not as it was."""
    ours = shell(page)
    return {code: ours.replace(LANGUAGE_MARK, f'<html lang="{code}">').encode() for code in LANGUAGES}


def shell(page: str) -> str:
    """The shell in English. Raises UnknownFrontEnd when `page` is not as it was."""
    check(page)
    ours = page.replace(TITLE_MARK, TITLE).replace(ICON_MARK, ICON).replace(SCRIPT_MARK, SCRIPT)
    return ours.replace(END_OF_HEAD, OPENING + REPAIRS + END_OF_HEAD)


def script_hash() -> str:
    """CSP source of the shell's one inline script. Raises UnknownFrontEnd."""
    return inline_script_hash(shell(index_html()))


def check(page: str) -> None:
    """Raises UnknownFrontEnd unless Streamlit's page has each part that is replaced here exactly once."""
    for mark in (LANGUAGE_MARK, TITLE_MARK, ICON_MARK, SCRIPT_MARK, END_OF_HEAD):
        if page.count(mark) != 1:
            raise UnknownFrontEnd(f"Streamlit's page does not have {' '.join(mark.split())} once")
