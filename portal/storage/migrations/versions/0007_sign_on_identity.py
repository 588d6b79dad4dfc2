"""whom the single sign-on's provider means by an account; none: nobody has come yet"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

# No batch: SQLite adds and drops a plain column by itself, and a table others point to is not made anew.


def upgrade() -> None:
    op.add_column('accounts', sa.Column('sign_on_identity', sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column('accounts', 'sign_on_identity')
