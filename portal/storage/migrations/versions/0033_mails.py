"""mails to the people who ask, and how a merchant's mails are signed"""

import sqlalchemy as sa
from alembic import op

revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'mails',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('delivery_id', sa.String(length=32), nullable=False),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('sealed_to', sa.LargeBinary(), nullable=True),
        sa.Column('sealed_contents', sa.LargeBinary(), nullable=True),
        sa.Column('language', sa.String(length=8), nullable=False),
        sa.Column('message_id', sa.String(length=200), nullable=False),
        sa.Column('verp_sha256', sa.String(length=64), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('next_try_at', TIME, nullable=True),
        sa.Column('accepted_at', TIME, nullable=True),
        sa.Column('dsn_status', sa.String(length=12), nullable=False),
        sa.Column('created_by', sa.String(length=32), nullable=False),
        sa.Column('created_at', TIME, nullable=False),
        sa.Column('updated_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('message_id'),
        sa.UniqueConstraint('verp_sha256'),
    )
    op.create_index('ix_mails_due', 'mails', ['state', 'next_try_at'])
    op.create_index('ix_mails_merchant', 'mails', ['merchant_id', 'created_at'])
    op.create_index('ix_mails_case', 'mails', ['case_id'])
    op.create_table(
        'mail_senders',
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('display_name', sa.String(length=80), nullable=False),
        sa.Column('reply_to', sa.String(length=254), nullable=False),
        sa.Column('updated_by', sa.String(length=32), nullable=False),
        sa.Column('updated_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['updated_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('merchant_id'),
    )


def downgrade() -> None:
    op.drop_table('mail_senders')
    op.drop_table('mails')
