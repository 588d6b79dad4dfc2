"""a state's and a colleague's cases are found in the order of the pages, open and ended ones apart"""

from alembic import op

revision = '0019'
down_revision = '0016'
branch_labels = None
depends_on = None

FIRST = {'ix_cases_state': 'state', 'ix_cases_assignee': 'assignee'}


def upgrade() -> None:
    for name, column in FIRST.items():
        op.drop_index(name, table_name='cases')
        op.create_index(name, 'cases', ['merchant_id', column, 'closed_at', 'due_on', 'id'])


def downgrade() -> None:
    for name, column in FIRST.items():
        op.drop_index(name, table_name='cases')
        op.create_index(name, 'cases', ['merchant_id', column, 'due_on', 'id'])
