"""look-ups of a person at LoyaltyDog, and the case that each led to"""

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'person_lookups',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('account_id', sa.String(length=32), nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('card_count', sa.Integer(), nullable=True),
        sa.Column('people_count', sa.Integer(), nullable=True),
        sa.Column('chosen_at', TIME, nullable=True),
        sa.Column('case_id', sa.String(length=32), nullable=True),
        sa.Column('led_at', TIME, nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['account_id'], ['accounts.id']),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_person_lookups_case', 'person_lookups', ['merchant_id', 'case_id', 'at', 'id'])


def downgrade() -> None:
    op.drop_table('person_lookups')
