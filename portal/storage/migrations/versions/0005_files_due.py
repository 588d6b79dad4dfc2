"""the files past their retention are found without looking at every kept one"""

from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_exports_due', 'exports', ['destroyed_at', 'destroy_after'])


def downgrade() -> None:
    op.drop_index('ix_exports_due', table_name='exports')
