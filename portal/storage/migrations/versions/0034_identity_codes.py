"""codes mailed to the people who ask, to show that a mailbox is theirs"""

import sqlalchemy as sa
from alembic import op

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'identity_codes',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.Column('identifier_id', sa.String(length=32), nullable=False),
        sa.Column('mail_id', sa.String(length=32), nullable=False),
        sa.Column('sealed_code_key', sa.LargeBinary(), nullable=True),
        sa.Column('code_prf', sa.String(length=64), nullable=False),
        sa.Column('until', TIME, nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('sent', sa.Integer(), nullable=False),
        sa.Column('sent_since', TIME, nullable=False),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['identifier_id'], ['case_identifiers.id']),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('case_id'),
    )


def downgrade() -> None:
    op.drop_table('identity_codes')
