"""what a merchant sets for the clock of its cases, and days off of its own"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'clock_rules',
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('profile', sa.String(length=40), nullable=False),
        sa.Column('calendar', sa.String(length=40), nullable=False),
        sa.Column('house_limit_days', sa.Integer(), nullable=True),
        sa.Column('post_days', sa.Integer(), nullable=True),
        sa.Column('updated_at', TIME, nullable=False),
        sa.Column('updated_by', sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['updated_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('merchant_id'),
    )
    op.create_table(
        'clock_days',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('added_at', TIME, nullable=False),
        sa.Column('added_by', sa.String(length=32), nullable=False),
        sa.Column('withdrawn_at', TIME, nullable=True),
        sa.Column('withdrawn_by', sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['added_by'], ['accounts.id']),
        sa.ForeignKeyConstraint(['withdrawn_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_clock_days_standing', 'clock_days', ['merchant_id', 'withdrawn_at', 'day'])


def downgrade() -> None:
    op.drop_table('clock_days')
    op.drop_table('clock_rules')
