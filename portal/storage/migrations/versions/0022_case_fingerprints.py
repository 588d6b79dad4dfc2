"""fingerprints of the rows of a case's files, to tell later what changed"""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'case_fingerprints',
        sa.Column('file_id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('row_count', sa.BigInteger(), nullable=False),
        sa.Column('sealed_keyset', sa.LargeBinary(), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.Column('taken_at', TIME, nullable=False),
        sa.Column('kept_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.PrimaryKeyConstraint('file_id'),
    )
    op.create_index('ix_case_fingerprints_case', 'case_fingerprints', ['case_id', 'taken_at'])
    op.create_index('ix_case_fingerprints_merchant', 'case_fingerprints', ['merchant_id'])


def downgrade() -> None:
    op.drop_table('case_fingerprints')
