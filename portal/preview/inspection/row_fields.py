"""Which cells of a row name its owner, for each form of table.

- An ordinary table: the column's path decides.
- A typed row (`type: customers`, `$ref`, `__typename`, as in JSON:API, a DBRef and GraphQL): its fields are read as if
  prefixed with that word.
- Rows as lists: the names are in a list beside them (`columns`) or in the first row.
- A table of fields and values: the text in the column of fields is the name, and a repeated field begins the next
  record.
"""

from collections.abc import Iterator, Sequence

from portal.preview import words
from portal.preview.cells import MISSING, NULL, Bare, Cell
from portal.preview.inspection.fields import is_vertical, meaning
from portal.preview.inspection.owners import Owner, owner_of, path_of
from portal.preview.json.heads import NAME_WORDS
from portal.preview.model import Table

_FIELD_WORDS = frozenset(
    """field fields fieldname key keys name attribute property label column item datapoint feld bezeichnung schlussel
    merkmal eigenschaft campo nombre clave etiqueta propiedad champ cle nom propriete libelle chiave nome etichetta
    proprieta veld sleutel naam eigenschap kenmerk question variable parameter meta""".split()
)
_VALUE_WORDS = frozenset(
    """value values data content text wert werte inhalt valor valores contenido dato valeur valeurs contenu donnee
    valore valori contenuto waarde waarden inhoud answer val""".split()
)
_TYPE_NAMES = frozenset(
    """type _type $ref ref __typename @type kind object resource resourcetype resource_type entity entitytype
    entity_type recordtype record_type objecttype object_type typ tipo model class _class""".split()
)
_SAYS_RESOURCE = frozenset(
    ("$ref", "__typename", "@type", "resourcetype", "resource_type", "object", "_class", "_type")
)
_LONGEST_TYPE = 40
_MOST_REMEMBERED = 2_000
_LOOKED_AT = 200


class RowFields:
    """`of_row` gives (column, what it says, cell) for each cell of a row."""

    def __init__(self, table: Table, names: "list[str] | None" = None) -> None:
        """`names`: of the values of each list, where the rows of `table` are the values of lists; see `list_names`."""
        self._table = table
        self._names = names
        self._list: tuple[Cell, int] = (NULL, 0)
        """(the list that the last value stood in, how many of it were seen)."""
        self._columns = [(at, name) for at, name in enumerate(table.columns) if name not in table.link_columns]
        self._pair = None if names else _field_and_value(table)
        self._paths = {name: path_of(table, name) for _, name in self._columns}
        self._owners = {name: owner_of(path, is_key=name == table.key_column) for name, path in self._paths.items()}
        self.is_one_record = names is not None or self._pair is not None or self._is_list_of_values()
        self._types = [] if self._pair else self._type_columns()
        self._known: dict[tuple[str, str], Owner] = {}
        self._seen_fields: set[str] = set()
        self._new_at = -1

    def _is_list_of_values(self) -> bool:
        """`customer.emails`: all of its rows are the same customer's."""
        return len(self._columns) == 1 and any(
            name == "value" and owner.claim in ("email", "id") for name, owner in self._owners.items()
        )

    def owners(self) -> Iterator[Owner]:
        """What the fields of this table say, each once."""
        if self._names:
            yield from map(self._by_field, self._names)
            return
        if self._pair:
            for _, row in self._table.iterate(stop=_MOST_REMEMBERED):
                field = row[self._pair[0]]
                yield self._by_field(field if isinstance(field, str) else "")
            return
        for at, name in self._columns:
            if self._owners[name].claim != "either" or self._may_identify(at, name):
                yield self._owners[name]
        if self._types:
            for index, row in self._table.iterate():
                yield from (owner for _, owner, _ in self.of_row(index, row))

    def _may_identify(self, at: int, name: str) -> bool:
        """Does a column that is called `customer` alone hold IDs or emails, as far as its first rows tell, or names?

        A column of names says nothing of how this file names owners: the plain `email` beside it does.
        """
        if name == self._table.key_column:
            return True
        texts = [cell for row in self._table.rows(0, _LOOKED_AT) if isinstance(cell := row[at], str) and cell.strip()]
        return not texts or any("@" in text or any(c.isdigit() for c in text) for text in texts)

    def of_row(self, index: int, row: list[Cell]) -> Iterator[tuple[str, Owner, Cell]]:
        if self._names:
            yield from self._of_list(index, row)
            return
        if self._pair:
            field, cell = row[self._pair[0]], row[self._pair[1]]
            name = field.strip().lower() if isinstance(field, str) else ""
            self._new_at = -1
            if name and isinstance(cell, str) and cell:
                if name in self._seen_fields:
                    self._seen_fields.clear()
                    self._new_at = index
                self._seen_fields.add(name)
            yield self._table.columns[self._pair[1]], self._by_field(name and str(field)), cell
            for at, column in self._columns:
                if at not in self._pair:
                    yield column, self._owners[column], row[at]
            return
        said = [(prefix, word) for at, prefix in self._types if (word := _person_word(row[at]))]
        for at, column in self._columns:
            owner = self._owners[column]
            if said and owner.claim == "loose":
                owner = self._typed(column, said, owner)
            yield column, owner, row[at]

    def _of_list(self, index: int, row: list[Cell]) -> Iterator[tuple[str, Owner, Cell]]:
        """One value of a list; its index says what it is."""
        assert self._names is not None
        which, cell = row[0] if len(row) > 1 else MISSING, row[-1]
        at = self._list[1] if which == self._list[0] else 0
        self._list = which, at + 1
        self._new_at = index if not at else -1
        name = self._names[at] if at < len(self._names) else ""
        if cell != name:  # not the row of names itself
            yield self._table.columns[-1], self._by_field(name) if name else owner_of(["value"]), cell

    def begins_new_record(self, index: int) -> bool:
        begins = self._new_at == index
        self._new_at = -1
        return begins

    def differs(self, row: list[Cell], seen: set[int], most: int) -> bool:
        """False for a row that says the same as one of the `most` different ones before, as far as it matters."""
        if self._names or self._pair:
            return True
        cells = hash(tuple([row[at] for at, name in self._columns]))
        if cells in seen:
            return False
        if len(seen) < most:
            seen.add(cells)
        return True

    def _by_field(self, field: str) -> Owner:
        key = ("", field)
        if key not in self._known:
            if len(self._known) > _MOST_REMEMBERED:
                self._known.clear()
            table = [step for step in self._table.name.removesuffix(" (more fields)").split(".") if step]
            self._known[key] = owner_of([*table, *field.split(".")])
        return self._known[key]

    def _typed(self, column: str, said: list[tuple[tuple[str, ...], str]], plain: Owner) -> Owner:
        path = self._paths[column]
        for prefix, word in said:
            if tuple(path[: len(prefix)]) == prefix and len(path) > len(prefix):
                key = (column, word)
                if key not in self._known:
                    self._known[key] = owner_of([*prefix, word, *path[len(prefix) :]])
                found = self._known[key]
                if found.claim != "id" or self._is_resource(prefix) or word.endswith("s"):
                    return found
        return plain

    def _is_resource(self, prefix: tuple[str, ...]) -> bool:
        """Do the fields beside the type look like those of a resource, so that `id` is its own?"""
        below = [path[len(prefix) :] for path in self._paths.values() if tuple(path[: len(prefix)]) == prefix]
        names = {steps[0].lower() for steps in below if steps}
        return bool(names & (_SAYS_RESOURCE | {"attributes", "relationships"}) or len(names) == 2)

    def _type_columns(self) -> list[tuple[int, tuple[str, ...]]]:
        found = []
        for at, name in self._columns:
            path = self._paths[name]
            if path and path[-1].lower() in _TYPE_NAMES:
                found.append((at, tuple(path[:-1])))
        return found


def _person_word(cell: Cell) -> str:
    """The text of a type when it is a word for a customer and nothing they have or do."""
    if not isinstance(cell, str) or not cell or len(cell) > _LONGEST_TYPE:
        return ""
    parts = words.meaning(cell)
    others = words.CARD | words.TRANSACTION | words.TRANSFER | words.MESSAGE | words.BUSINESS | words.ADDRESS
    return cell if parts & words.CUSTOMER and not parts & others else ""


def _field_and_value(table: Table) -> tuple[int, int] | None:
    """The columns of fields and of their values, in a table of such pairs."""
    if is_vertical(table):
        return 0, 1
    if table.key_column is not None and not table.link_columns:
        return None
    field = value = -1
    for at, name in enumerate(table.columns):
        if name in table.link_columns:
            continue
        parts = set(words.words(name))
        if parts and parts <= _VALUE_WORDS | {"field"} and parts & _VALUE_WORDS:
            value = at if value < 0 else value
        elif parts and parts <= _FIELD_WORDS and field < 0:
            field = at
    if field < 0 or value < 0 or not _names_fields(table, field):
        return None
    return field, value


def _names_fields(table: Table, at: int) -> bool:
    """Whether one of the first texts is the name of an identifying field."""
    texts = [row[at] for row in table.rows(0, 200)]
    return any(
        isinstance(text, str) and len(text) <= 60 and meaning("", text).attribute in ("email", "id", "phone", "name")
        for text in texts
    )


def list_names(table: Table, tables: Sequence[Table]) -> list[str] | None:
    """The names of the values, where `table` holds the values of lists that are rows; None where it does not."""
    own = [name for name in table.columns if name not in table.link_columns]
    if not table.name.endswith("[]") or own != ["value"]:
        return None
    parent, _, _ = table.name.removesuffix("[]").rpartition(".")
    for other in tables:
        place, _, name = other.name.rpartition(".")
        if place == parent and name.lower() in NAME_WORDS and 0 < other.row_count <= 500:
            at = next(
                (other.columns.index(wanted) for wanted in ("value", "name", "field") if wanted in other.columns), -1
            )
            names = [row[at] for row in other.rows()] if at >= 0 else []
            if names and all(isinstance(cell, str) for cell in names):
                return [str(cell) for cell in names]
    first = [row for row in table.rows(0, 500) if len(row) == 1 or row[0] == table.rows(0, 1)[0][0]]
    names = [row[-1] for row in first]
    texts = [cell for cell in names if isinstance(cell, str) and not isinstance(cell, Bare) and "@" not in cell]
    telling = any(meaning("", text).attribute in ("email", "id", "name", "phone") for text in texts)
    return [str(cell) for cell in texts] if telling and len(set(texts)) == len(names) > 0 else None
