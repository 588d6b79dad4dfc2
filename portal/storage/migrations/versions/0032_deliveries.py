"""packages given out: deliveries, their links, visits and downloads, and breaches"""

import sqlalchemy as sa
from alembic import op

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'deliveries',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('package_id', sa.String(length=32), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('way', sa.String(length=12), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('language', sa.String(length=8), nullable=False),
        sa.Column('days', sa.Integer(), nullable=False),
        sa.Column('sent_at', TIME, nullable=True),
        sa.Column('expires_at', TIME, nullable=True),
        sa.Column('opened_at', TIME, nullable=True),
        sa.Column('completed_at', TIME, nullable=True),
        sa.Column('closes_at', TIME, nullable=True),
        sa.Column('completed', sa.Integer(), nullable=False),
        sa.Column('answered', sa.Boolean(), nullable=False),
        sa.Column('ended_at', TIME, nullable=True),
        sa.Column('revoked_by', sa.String(length=32), nullable=True),
        sa.Column('created_at', TIME, nullable=False),
        sa.Column('created_by', sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['package_id'], ['case_packages.id']),
        sa.ForeignKeyConstraint(['revoked_by'], ['accounts.id']),
        sa.ForeignKeyConstraint(['created_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_deliveries_case', 'deliveries', ['case_id', 'created_at'])
    op.create_index('ix_deliveries_state', 'deliveries', ['state', 'expires_at'])
    op.create_index('ix_deliveries_merchant', 'deliveries', ['merchant_id', 'state'])
    op.create_table(
        'delivery_codes',
        sa.Column('delivery_id', sa.String(length=32), nullable=False),
        sa.Column('channel', sa.String(length=16), nullable=False),
        sa.Column('sealed_code_key', sa.LargeBinary(), nullable=True),
        sa.Column('code_prf', sa.String(length=64), nullable=False),
        sa.Column('code_told_at', TIME, nullable=True),
        sa.Column('wrong_codes', sa.Integer(), nullable=False),
        sa.Column('codes_open_at', TIME, nullable=True),
        sa.Column('locked_at', TIME, nullable=True),
        sa.Column('mail_code_prf', sa.String(length=64), nullable=False),
        sa.Column('mail_code_until', TIME, nullable=True),
        sa.Column('mail_code_tries', sa.Integer(), nullable=False),
        sa.Column('mail_codes', sa.Integer(), nullable=False),
        sa.Column('mail_codes_since', TIME, nullable=True),
        sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id']),
        sa.PrimaryKeyConstraint('delivery_id'),
    )
    op.create_table(
        'delivery_mailings',
        sa.Column('delivery_id', sa.String(length=32), nullable=False),
        sa.Column('remind', sa.Boolean(), nullable=False),
        sa.Column('reminded', sa.Integer(), nullable=False),
        sa.Column('sealed_to', sa.LargeBinary(), nullable=True),
        sa.Column('address_from', sa.String(length=8), nullable=False),
        sa.Column('address_confirmed_by', sa.String(length=32), nullable=True),
        sa.Column('mail_state', sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id']),
        sa.ForeignKeyConstraint(['address_confirmed_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('delivery_id'),
    )
    op.create_table(
        'delivery_links',
        sa.Column('token_sha256', sa.String(length=64), nullable=False),
        sa.Column('delivery_id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('made_at', TIME, nullable=False),
        sa.Column('revoked_at', TIME, nullable=True),
        sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id']),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('token_sha256'),
    )
    op.create_index('ix_delivery_links_delivery', 'delivery_links', ['delivery_id'])
    op.create_table(
        'delivery_visits',
        sa.Column('cookie_sha256', sa.String(length=64), nullable=False),
        sa.Column('delivery_id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('agent', sa.String(length=12), nullable=False),
        sa.Column('began_at', TIME, nullable=False),
        sa.Column('expires_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id']),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('cookie_sha256'),
    )
    op.create_index('ix_delivery_visits_delivery', 'delivery_visits', ['delivery_id'])
    op.create_table(
        'delivery_fetches',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('delivery_id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('cookie_sha256', sa.String(length=64), nullable=False),
        sa.Column('began_at', TIME, nullable=False),
        sa.Column('beat_at', TIME, nullable=True),
        sa.Column('reached', sa.BigInteger(), nullable=False),
        sa.Column('whole_at', TIME, nullable=True),
        sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id']),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_delivery_fetches_delivery', 'delivery_fetches', ['delivery_id'])
    op.create_table(
        'breaches',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('delivery_id', sa.String(length=32), nullable=False),
        sa.Column('aware_at', TIME, nullable=False),
        sa.Column('report_by', TIME, nullable=False),
        sa.Column('fetched', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('settled_at', TIME, nullable=True),
        sa.Column('settled_by', sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id']),
        sa.ForeignKeyConstraint(['settled_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_breaches_open', 'breaches', ['merchant_id', 'state', 'report_by'])


def downgrade() -> None:
    op.drop_table('breaches')
    op.drop_table('delivery_fetches')
    op.drop_table('delivery_visits')
    op.drop_table('delivery_links')
    op.drop_table('delivery_mailings')
    op.drop_table('delivery_codes')
    op.drop_table('deliveries')
