"""sources of a case: what LoyaltyDog was asked about the person, and each sealed answer"""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'case_sources',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=24), nullable=False),
        sa.Column('place', sa.String(length=120), nullable=False),
        sa.Column('program_id', sa.String(length=100), nullable=False),
        sa.Column('program_name', sa.String(length=200), nullable=False),
        sa.Column('identifier_id', sa.String(length=32), nullable=True),
        sa.Column('sealed_member', sa.LargeBinary(), nullable=True),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('attempt', sa.Integer(), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('asked_by', sa.String(length=32), nullable=False),
        sa.Column('asked_in', sa.String(length=64), nullable=False),
        sa.Column('planned_at', TIME, nullable=False),
        sa.Column('updated_at', TIME, nullable=False),
        sa.Column('asked_at', TIME, nullable=True),
        sa.Column('settled_at', TIME, nullable=True),
        sa.Column('retry_at', TIME, nullable=True),
        sa.Column('status', sa.Integer(), nullable=True),
        sa.Column('problem_code', sa.String(length=60), nullable=False),
        sa.Column('problem', sa.Text(), nullable=False),
        sa.Column('next_step', sa.Text(), nullable=False),
        sa.Column('vendor_request_id', sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['identifier_id'], ['case_identifiers.id']),
        sa.ForeignKeyConstraint(['asked_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('case_id', 'kind', 'place', name='uq_case_sources_place'),
    )
    op.create_index('ix_case_sources_state', 'case_sources', ['state', 'updated_at'])
    op.create_index('ix_case_sources_merchant', 'case_sources', ['merchant_id'])
    op.create_table(
        'case_source_files',
        sa.Column('source_id', sa.String(length=32), nullable=False),
        sa.Column('size_bytes', sa.BigInteger(), nullable=True),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('row_count', sa.BigInteger(), nullable=True),
        sa.Column('doubtful_count', sa.Integer(), nullable=False),
        sa.Column('destroy_after', TIME, nullable=True),
        sa.Column('destroyed_at', TIME, nullable=True),
        sa.ForeignKeyConstraint(['source_id'], ['case_sources.id']),
        sa.PrimaryKeyConstraint('source_id'),
    )
    op.create_index('ix_case_source_files_due', 'case_source_files', ['destroyed_at', 'destroy_after'])
    op.create_table(
        'case_source_pages',
        sa.Column('source_id', sa.String(length=32), nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('blob_name', sa.String(length=200), nullable=False),
        sa.Column('size_bytes', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('item_count', sa.BigInteger(), nullable=False),
        sa.Column('row_count', sa.BigInteger(), nullable=False),
        sa.Column('doubtful_count', sa.Integer(), nullable=False),
        sa.Column('fetched_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['source_id'], ['case_sources.id']),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('source_id', 'number'),
    )
    op.create_table(
        'case_source_keys',
        sa.Column('source_id', sa.String(length=32), nullable=False),
        sa.Column('blob_name', sa.String(length=200), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('sealed_keyset', sa.LargeBinary(), nullable=False),
        sa.Column('created_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['source_id'], ['case_sources.id']),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('source_id', 'blob_name'),
    )


def downgrade() -> None:
    op.drop_table('case_source_keys')
    op.drop_table('case_source_pages')
    op.drop_table('case_source_files')
    op.drop_table('case_sources')
