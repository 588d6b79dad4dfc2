"""who asked to see the card numbers of a file; what a decision is about can be cleared; how long answers stay fresh"""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table('merchants') as table:
        table.add_column(sa.Column('cards_need_two', sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table('merchants') as table:
        table.add_column(sa.Column('fresh_days', sa.Integer(), nullable=True))
        table.alter_column('cards_need_two', existing_type=sa.Boolean(), server_default=None)
    with op.batch_alter_table('export_files') as table:
        table.add_column(sa.Column('holds_cards', sa.Boolean(), nullable=True))
    with op.batch_alter_table('case_matches') as table:
        table.alter_column('sealed_item', existing_type=sa.LargeBinary(), nullable=True)
    op.create_table(
        'card_requests',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('export_id', sa.String(length=32), nullable=False),
        sa.Column('asked_by', sa.String(length=32), nullable=False),
        sa.Column('asked_at', TIME, nullable=False),
        sa.Column('role', sa.String(length=16), nullable=False),
        sa.Column('reason', sa.String(length=16), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('decided_by', sa.String(length=32), nullable=True),
        sa.Column('decided_at', TIME, nullable=True),
        sa.Column('granted_until', TIME, nullable=True),
        sa.Column('session_hash', sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['export_id'], ['exports.id']),
        sa.ForeignKeyConstraint(['asked_by'], ['accounts.id']),
        sa.ForeignKeyConstraint(['decided_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_card_requests_state', 'card_requests', ['merchant_id', 'state', 'asked_at'])
    op.create_index('ix_card_requests_export', 'card_requests', ['export_id', 'asked_by'])


def downgrade() -> None:
    op.drop_table('card_requests')
    op.execute("DELETE FROM case_matches WHERE sealed_item IS NULL")
    with op.batch_alter_table('case_matches') as table:
        table.alter_column('sealed_item', existing_type=sa.LargeBinary(), nullable=False)
    with op.batch_alter_table('export_files') as table:
        table.drop_column('holds_cards')
    with op.batch_alter_table('merchants') as table:
        table.drop_column('fresh_days')
        table.drop_column('cards_need_two')
