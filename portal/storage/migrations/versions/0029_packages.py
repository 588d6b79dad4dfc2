"""the versions of a case's package, sealed, their keys, and whether a second person approves them"""

import sqlalchemy as sa
from alembic import op

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table('merchants') as table:
        table.add_column(sa.Column('packages_need_two', sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table('merchants') as table:
        table.alter_column('packages_need_two', existing_type=sa.Boolean(), server_default=None)
    op.create_table(
        'case_packages',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('variant', sa.String(length=12), nullable=False),
        sa.Column('language', sa.String(length=8), nullable=False),
        sa.Column('outcome', sa.String(length=12), nullable=False),
        sa.Column('inputs', sa.String(length=64), nullable=False),
        sa.Column('profile_version', sa.Integer(), nullable=False),
        sa.Column('blob_name', sa.String(length=200), nullable=False),
        sa.Column('size_bytes', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('manifest_sha256', sa.String(length=64), nullable=False),
        sa.Column('file_count', sa.Integer(), nullable=False),
        sa.Column('left_out', sa.JSON(), nullable=False),
        sa.Column('built_at', TIME, nullable=False),
        sa.Column('built_by', sa.String(length=32), nullable=False),
        sa.Column('approved_at', TIME, nullable=True),
        sa.Column('approved_by', sa.String(length=32), nullable=True),
        sa.Column('destroy_after', TIME, nullable=True),
        sa.Column('destroyed_at', TIME, nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['built_by'], ['accounts.id']),
        sa.ForeignKeyConstraint(['approved_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('case_id', 'number', name='uq_case_packages_number'),
    )
    op.create_index('ix_case_packages_merchant', 'case_packages', ['merchant_id'])
    op.create_index('ix_case_packages_due', 'case_packages', ['destroyed_at', 'destroy_after'])
    op.create_table(
        'case_package_keys',
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('blob_name', sa.String(length=200), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('sealed_keyset', sa.LargeBinary(), nullable=False),
        sa.Column('created_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('case_id', 'blob_name'),
    )


def downgrade() -> None:
    op.drop_table('case_package_keys')
    op.drop_table('case_packages')
    with op.batch_alter_table('merchants') as table:
        table.drop_column('packages_need_two')
