"""questions about a person's own file, and whether files may be looked at before it is settled who asks"""

import sqlalchemy as sa
from alembic import op

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'identity_questions',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('mark', sa.String(length=64), nullable=False),
        sa.Column('questions', sa.String(length=120), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('begun_at', TIME, nullable=True),
        sa.Column('ended_at', TIME, nullable=True),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('case_id'),
    )
    with op.batch_alter_table('merchants') as table:
        table.add_column(sa.Column('looks_before_settled', sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table('merchants') as table:
        table.alter_column('looks_before_settled', existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('merchants') as table:
        table.drop_column('looks_before_settled')
    op.drop_table('identity_questions')
