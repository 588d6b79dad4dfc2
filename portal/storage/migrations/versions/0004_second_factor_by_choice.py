"""somebody may choose a second factor where nobody asks for it"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('accounts') as table:
        table.add_column(sa.Column('wants_second_factor', sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table('accounts') as table:
        table.alter_column('wants_second_factor', existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('accounts') as table:
        table.drop_column('wants_second_factor')
