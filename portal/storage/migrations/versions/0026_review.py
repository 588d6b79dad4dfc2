"""what is left out of a file's copies, who approved it, and what a merchant proposes"""

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'review_decisions',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('file_kind', sa.String(length=12), nullable=False),
        sa.Column('file_id', sa.String(length=32), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('scope', sa.String(length=12), nullable=False),
        sa.Column('group_id', sa.String(length=32), nullable=False),
        sa.Column('choice', sa.String(length=12), nullable=False),
        sa.Column('grain', sa.String(length=8), nullable=False),
        sa.Column('reason', sa.String(length=20), nullable=False),
        sa.Column('how', sa.String(length=8), nullable=False),
        sa.Column('sealed_places', sa.LargeBinary(), nullable=True),
        sa.Column('place_count', sa.Integer(), nullable=False),
        sa.Column('counted', sa.Integer(), nullable=False),
        sa.Column('second_reason', sa.String(length=16), nullable=False),
        sa.Column('decided_by', sa.String(length=32), nullable=False),
        sa.Column('decided_at', TIME, nullable=False),
        sa.Column('undone_by', sa.String(length=32), nullable=True),
        sa.Column('undone_at', TIME, nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['decided_by'], ['accounts.id']),
        sa.ForeignKeyConstraint(['undone_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('file_id', 'number', name='uq_review_decisions_number'),
    )
    op.create_index('ix_review_decisions_merchant', 'review_decisions', ['merchant_id'])
    op.create_table(
        'review_approvals',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('file_kind', sa.String(length=12), nullable=False),
        sa.Column('file_id', sa.String(length=32), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('covers', sa.String(length=64), nullable=False),
        sa.Column('approved_by', sa.String(length=32), nullable=False),
        sa.Column('approved_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['approved_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_review_approvals_file', 'review_approvals', ['merchant_id', 'file_id'])
    op.create_table(
        'review_rules',
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('proposals', sa.JSON(), nullable=False),
        sa.Column('second_person', sa.Boolean(), nullable=False),
        sa.Column('updated_at', TIME, nullable=False),
        sa.Column('updated_by', sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['updated_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('merchant_id'),
    )


def downgrade() -> None:
    op.drop_table('review_rules')
    op.drop_table('review_approvals')
    op.drop_table('review_decisions')
