"""the merchant's other systems: the list, how each was answered in a case, the sealed files attached"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'merchant_systems',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('name_key', sa.String(length=240), nullable=False),
        sa.Column('added_at', TIME, nullable=False),
        sa.Column('added_by', sa.String(length=32), nullable=False),
        sa.Column('retired_at', TIME, nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['added_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('merchant_id', 'name_key', name='uq_merchant_systems_name'),
    )
    op.create_table(
        'case_systems',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('system_id', sa.String(length=32), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('answered_at', TIME, nullable=True),
        sa.Column('answered_by', sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['system_id'], ['merchant_systems.id']),
        sa.ForeignKeyConstraint(['answered_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('case_id', 'system_id', name='uq_case_systems_system'),
    )
    op.create_index('ix_case_systems_merchant', 'case_systems', ['merchant_id'])
    op.create_table(
        'case_system_files',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('line_id', sa.String(length=32), nullable=False),
        sa.Column('blob_name', sa.String(length=200), nullable=False),
        sa.Column('size_bytes', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('media', sa.String(length=16), nullable=False),
        sa.Column('sealed_name', sa.LargeBinary(), nullable=True),
        sa.Column('attached_at', TIME, nullable=False),
        sa.Column('attached_by', sa.String(length=32), nullable=False),
        sa.Column('destroy_after', TIME, nullable=True),
        sa.Column('destroyed_at', TIME, nullable=True),
        sa.Column('removed_by', sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['line_id'], ['case_systems.id']),
        sa.ForeignKeyConstraint(['attached_by'], ['accounts.id']),
        sa.ForeignKeyConstraint(['removed_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_case_system_files_due', 'case_system_files', ['destroyed_at', 'destroy_after'])
    op.create_index('ix_case_system_files_line', 'case_system_files', ['line_id'])
    op.create_index('ix_case_system_files_merchant', 'case_system_files', ['merchant_id'])
    op.create_table(
        'case_system_keys',
        sa.Column('line_id', sa.String(length=32), nullable=False),
        sa.Column('blob_name', sa.String(length=200), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('sealed_keyset', sa.LargeBinary(), nullable=False),
        sa.Column('created_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['line_id'], ['case_systems.id']),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('line_id', 'blob_name'),
    )


def downgrade() -> None:
    op.drop_table('case_system_keys')
    op.drop_table('case_system_files')
    op.drop_table('case_systems')
    op.drop_table('merchant_systems')
