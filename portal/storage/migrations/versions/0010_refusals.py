"""what LoyaltyDog said when it refused an export is kept sealed"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('exports') as table:
        table.add_column(sa.Column('sealed_refusal', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('exports') as table:
        table.drop_column('sealed_refusal')
