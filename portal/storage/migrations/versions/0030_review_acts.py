"""which decisions were taken by one press, and the section of a law that exempts what is left out"""

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('review_decisions') as table:
        table.add_column(sa.Column('law_section', sa.String(length=40), nullable=False, server_default=''))
        table.add_column(sa.Column('act', sa.String(length=32), nullable=False, server_default=''))
    with op.batch_alter_table('review_decisions') as table:
        for name in ('law_section', 'act'):
            table.alter_column(name, existing_type=sa.String(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('review_decisions') as table:
        table.drop_column('act')
        table.drop_column('law_section')
