"""cases of a state and of a colleague are found in the order of the pages, figures by month without reading the rows"""

from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

FIGURES = ['closed_as', 'closed_at', 'last_lawful_on', 'extended_to', 'due_on', 'zone', 'received_at']
BEFORE = {
    'ix_cases_state': ('cases', ['merchant_id', 'state', 'due_on', 'id']),
    'ix_cases_assignee': ('cases', ['merchant_id', 'assignee', 'due_on', 'id']),
    'ix_cases_received': ('cases', ['merchant_id', 'received_on', 'id']),
    'ix_case_identifiers_value': ('case_identifiers', ['merchant_id', 'value_index']),
}
AFTER = {
    'ix_cases_state': ('cases', ['merchant_id', 'state', 'closed_at', 'due_on', 'id']),
    'ix_cases_assignee': ('cases', ['merchant_id', 'assignee', 'closed_at', 'due_on', 'id']),
    'ix_cases_received': ('cases', ['merchant_id', 'received_on', *FIGURES]),
    'ix_case_identifiers_value': ('case_identifiers', ['merchant_id', 'value_index', 'case_id']),
}


def upgrade() -> None:
    replace(AFTER)


def downgrade() -> None:
    replace(BEFORE)


def replace(indexes: dict[str, tuple[str, list[str]]]) -> None:
    for name, (table, columns) in indexes.items():
        op.drop_index(name, table_name=table)
        op.create_index(name, table, columns)
