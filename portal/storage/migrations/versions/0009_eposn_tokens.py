"""the two X-Eposn tokens may be saved for a merchant"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('merchants') as table:
        table.add_column(sa.Column('sealed_merchant_token', sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column('sealed_customer_token', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('merchants') as table:
        table.drop_column('sealed_customer_token')
        table.drop_column('sealed_merchant_token')
