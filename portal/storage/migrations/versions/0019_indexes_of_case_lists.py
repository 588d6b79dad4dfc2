"""cases of a state and of a colleague are found in the order of the pages, figures by month without reading the rows"""

from alembic import op

revision = '0019'
down_revision = '0016'
branch_labels = None
depends_on = None

FIGURES = ['closed_as', 'closed_at', 'last_lawful_on', 'extended_to', 'due_on', 'zone', 'received_at']
BEFORE = {
    'ix_cases_state': ['merchant_id', 'state', 'due_on', 'id'],
    'ix_cases_assignee': ['merchant_id', 'assignee', 'due_on', 'id'],
    'ix_cases_received': ['merchant_id', 'received_on', 'id'],
}
AFTER = {
    'ix_cases_state': ['merchant_id', 'state', 'closed_at', 'due_on', 'id'],
    'ix_cases_assignee': ['merchant_id', 'assignee', 'closed_at', 'due_on', 'id'],
    'ix_cases_received': ['merchant_id', 'received_on', *FIGURES],
}


def upgrade() -> None:
    replace(AFTER)


def downgrade() -> None:
    replace(BEFORE)


def replace(indexes: dict[str, list[str]]) -> None:
    for name, columns in indexes.items():
        op.drop_index(name, table_name='cases')
        op.create_index(name, 'cases', columns)
