"""whose records are whose: what answers say, and what people decided"""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'case_comparisons',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('source_id', sa.String(length=32), nullable=True),
        sa.Column('export_id', sa.String(length=32), nullable=True),
        sa.Column('mark', sa.String(length=64), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('sealed_facts', sa.LargeBinary(), nullable=True),
        sa.Column('compared_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['source_id'], ['case_sources.id']),
        sa.ForeignKeyConstraint(['export_id'], ['exports.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('case_id', 'source_id', 'export_id', name='uq_case_comparisons_answer'),
    )
    op.create_table(
        'case_matches',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('item', sa.String(length=20), nullable=False),
        sa.Column('record_class', sa.String(length=12), nullable=False),
        sa.Column('source_id', sa.String(length=32), nullable=True),
        sa.Column('export_id', sa.String(length=32), nullable=True),
        sa.Column('sealed_item', sa.LargeBinary(), nullable=False),
        sa.Column('decision', sa.String(length=4), nullable=False),
        sa.Column('code', sa.String(length=24), nullable=False),
        sa.Column('decided_by', sa.String(length=32), nullable=False),
        sa.Column('decided_at', TIME, nullable=False),
        sa.Column('taken_back_by', sa.String(length=32), nullable=True),
        sa.Column('taken_back_at', TIME, nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['source_id'], ['case_sources.id']),
        sa.ForeignKeyConstraint(['export_id'], ['exports.id']),
        sa.ForeignKeyConstraint(['decided_by'], ['accounts.id']),
        sa.ForeignKeyConstraint(['taken_back_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('case_id', 'number', name='uq_case_matches_number'),
    )


def downgrade() -> None:
    op.drop_table('case_matches')
    op.drop_table('case_comparisons')
