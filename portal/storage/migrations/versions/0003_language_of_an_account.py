"""the language an account's person chose; none: what their browser asks for"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

# No batch: SQLite adds and drops a plain column by itself, and a table others point to is not made anew.


def upgrade() -> None:
    op.add_column('accounts', sa.Column('language', sa.String(length=8), nullable=True))


def downgrade() -> None:
    op.drop_column('accounts', 'language')
