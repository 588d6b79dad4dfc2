"""What Streamlit reads as Markdown is either our own words or has gone through `plain` (SEC-21).

Followed through names, conditions, f-strings, functions of the module and what their callers hand them; a value that
cannot be followed counts as foreign.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCREENS = sorted([*ROOT.glob("pages/*.py"), *ROOT.glob("portal/ui/**/*.py")])
FIRST_IS_MARKDOWN = frozenset(
    "markdown caption error warning info success title header subheader badge toast spinner dialog expander status "
    "button link_button form_submit_button menu_button popover checkbox toggle radio selectbox multiselect text_input "
    "text_area number_input date_input datetime_input time_input slider pills segmented_control metric tabs".split()
)
MARKDOWN_BY_NAME = frozenset({"help", "label", "body", "caption", "captions"})
NO_STREAMLIT = frozenset({"log", "self", "feedback"})
OUR_WORDS = frozenset(
    "_ plural later number percent day day_of_year month_of_year when when_short when_to_second when_exact "
    "when_and_ago span size step_time expires_in plain data_address len str".split()
)
"""Functions whose result is ours whatever they are given: translations, figures, times, or what `plain` has written."""
OUR_ATTRIBUTES = frozenset({"label", "step_label", "icon", "colour", "question", "button", "key", "problem_words"})
"""Of `Badge` and `Danger`; what a `Danger` is made of is looked at where it is made."""


class Module:
    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self.within: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                self.within[child] = node
        self.functions = {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)}
        self.open: set[tuple[str, ast.AST]] = set()

    def sinks(self) -> Iterator[tuple[ast.Call, ast.expr]]:
        for call in ast.walk(self.tree):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            receiver = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
            drawn = bool(receiver) and receiver not in NO_STREAMLIT
            if drawn and name in FIRST_IS_MARKDOWN and call.args:
                yield call, call.args[0]
            for keyword in call.keywords if drawn else ():
                if keyword.arg in MARKDOWN_BY_NAME or (name == "progress" and keyword.arg == "text"):
                    yield call, keyword.value
            if isinstance(call.func, ast.Name) and call.func.id == "Danger":
                yield from ((call, call.args[place]) for place in (1, 4))

    def scope(self, node: ast.AST) -> ast.FunctionDef | ast.Module:
        while not isinstance(node, ast.FunctionDef | ast.Module):
            node = self.within[node]
        return node

    def ours(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant():
                return True
            case ast.JoinedStr():
                return all(self.ours(value) for value in node.values)
            case ast.FormattedValue():
                return self.ours(node.value)
            case ast.BinOp(left=left, right=right):
                return self.ours(left) and self.ours(right)
            case ast.BoolOp(values=values):
                return all(self.ours(value) for value in values)
            case ast.IfExp(body=body, orelse=orelse):
                return self.ours(body) and self.ours(orelse)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return all(self.ours(part) for part in parts)
            case ast.Dict(values=values):
                return all(self.ours(value) for value in values)
            case ast.Starred(value=value) | ast.Subscript(value=value):
                return self.ours(value)
            case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt):
                return self.ours(elt)
            case ast.Attribute(attr=attr):
                return attr in OUR_ATTRIBUTES
            case ast.Call():
                return self.call_is_ours(node)
            case ast.Name():
                return self.name_is_ours(node.id, node)
        return False

    def call_is_ours(self, call: ast.Call) -> bool:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if isinstance(call.func, ast.Attribute):
            if call.func.attr in {"format", "join"}:
                return self.ours(call.func.value) and all(self.ours(arg) for arg in given)
            return (
                call.func.attr in {"get", "strip", "items", "values"}
                and self.ours(call.func.value)
                and all(map(self.ours, given[1:]))
            )
        name = ast.unparse(call.func)
        if name in OUR_WORDS:
            return True
        function = self.functions.get(name)
        if function is None or ("returns", function) in self.open:
            return function is not None
        self.open.add(("returns", function))
        returned = [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value is not None]
        ours = bool(returned) and all(self.ours(value) for value in returned)
        self.open.discard(("returns", function))
        return ours

    def name_is_ours(self, name: str, at: ast.AST) -> bool:
        if name.isupper():  # a constant: its words are marked for the catalogues
            return True
        scope = self.scope(at)
        if (name, scope) in self.open:
            return True
        self.open.add((name, scope))
        try:
            found = list(self.given_to(name, scope))
            if not found and isinstance(scope, ast.FunctionDef):
                return self.name_is_ours(name, self.within[scope])
            return bool(found) and all(value is not None and self.ours(value) for value in found)
        finally:
            self.open.discard((name, scope))

    def given_to(self, name: str, scope: ast.FunctionDef | ast.Module) -> Iterator[ast.expr | None]:
        """Every value the name gets; None where that cannot be followed."""
        for node in ast.walk(scope):
            if self.scope(node) is not scope:
                continue
            match node:
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        if isinstance(target, ast.Name) and target.id == name:
                            yield value
                        elif any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(target)):
                            yield value if not isinstance(target, ast.Subscript | ast.Attribute) else ast.Constant("")
                case ast.AugAssign(target=ast.Name(id=found), value=value) if found == name:
                    yield value
                case ast.AnnAssign(target=ast.Name(id=found), value=value) if found == name:
                    yield value
                case ast.For(target=target, iter=iterated) | ast.comprehension(target=target, iter=iterated):
                    if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(target)):
                        yield iterated
                case ast.NamedExpr(target=ast.Name(id=found), value=value) if found == name:
                    yield value
        if isinstance(scope, ast.FunctionDef):
            yield from self.handed(name, scope)

    def handed(self, name: str, function: ast.FunctionDef) -> Iterator[ast.expr | None]:
        """What callers in the module give for a parameter; its default, where they give none."""
        arguments = function.args
        names = [a.arg for a in [*arguments.posonlyargs, *arguments.args]]
        several = arguments.vararg is not None and arguments.vararg.arg == name
        if not several and name not in names and name not in [a.arg for a in arguments.kwonlyargs]:
            return
        calls = [c for c in ast.walk(self.tree) if isinstance(c, ast.Call) and ast.unparse(c.func) == function.name]
        for call in calls:
            if several:
                yield from call.args[len(names) :]
                continue
            by_name = next((k.value for k in call.keywords if k.arg == name), None)
            place = names.index(name) if name in names else len(call.args)
            if by_name is not None:
                yield by_name
            elif place < len(call.args):
                yield call.args[place]
        if not calls:
            yield None


SHARED = {"danger_button": (0, "help"), "open_dialog": (0, "title"), "help_link": (None, "label"), "tell": (None, "")}
"""Functions of `portal.ui` that hand an argument on to Markdown: which one by place, which by name."""


def foreign(text: str) -> list[str]:
    module = Module(text)
    found = [
        f"{ast.unparse(call)[:120]}: {ast.unparse(arg)[:60]}" for call, arg in module.sinks() if not module.ours(arg)
    ]
    for call in ast.walk(module.tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SHARED:
            place, name = SHARED[call.func.id]
            args = [*(call.args[place : place + 1] if place is not None else ())]
            args += [keyword.value for keyword in call.keywords if keyword.arg == name]
            found += [f"{ast.unparse(call)[:120]}" for arg in args if not module.ours(arg)]
    return found


# Drawn by functions that other modules call with our own words; `SHARED` looks at these callers.
HANDED_ON = {
    "acting.py": {"title"},
    "danger.py": {"label", "help"},
    "help_places.py": {"label or _('Help')"},
    "step_up.py": {"f'![]({RENEW_PATH}?ticket={ticket})'"},  # random characters of ours, in an address of ours
}


@pytest.mark.keeps("SEC-21")
@pytest.mark.parametrize("path", SCREENS, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_foreign_reaches_markdown(path: Path) -> None:
    known = HANDED_ON.get(path.name, set())
    found = [line for line in foreign(path.read_text(encoding="utf-8")) if line.rpartition(": ")[2] not in known]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "st.caption(user.merchant_name)",
        "st.caption(f'{_(\"by\")} {user.name}')",
        "st.toast(_('Gone: {name}').format(name=row.email))",
        "name = row.name\nst.expander(name)",
        "def draw(words):\n    st.markdown(words)\ndraw(row.reference)",
        "st.button(_('Use'), help=card.holder)",
        "left.radio(sentence(error.message), [])",
        "for row in rows:\n    st.header(row.name)",
        "st.error(user.merchant_name.replace('&', 'and'))",
    ],
)
def test_the_rule_sees_foreign_text(line: str) -> None:
    assert foreign(line)
