"""the page on which a person asks for themselves, and messages of a case"""

import sqlalchemy as sa
from alembic import op

revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
ID = sa.String(length=32)
HASH = sa.String(length=64)


def upgrade() -> None:
    op.create_table(
        'front_doors',
        sa.Column('merchant_id', ID, nullable=False),
        sa.Column('name', sa.String(length=64), nullable=False),
        sa.Column('is_open', sa.Boolean(), nullable=False),
        sa.Column('sealed_key', sa.LargeBinary(), nullable=True),
        sa.Column('updated_at', TIME, nullable=False),
        sa.Column('updated_by', ID, nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('merchant_id'),
        sa.UniqueConstraint('name'),
    )
    op.create_table(
        'door_requests',
        sa.Column('id', ID, nullable=False),
        sa.Column('merchant_id', ID, nullable=False),
        sa.Column('case_id', ID, nullable=True),
        sa.Column('demand', sa.String(length=16), nullable=False),
        sa.Column('language', sa.String(length=8), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('token_sha256', HASH, nullable=False),
        sa.Column('email_prf', HASH, nullable=False),
        sa.Column('sealed_email', sa.LargeBinary(), nullable=True),
        sa.Column('sealed_note', sa.LargeBinary(), nullable=True),
        sa.Column('sealed_code_key', sa.LargeBinary(), nullable=True),
        sa.Column('code_prf', HASH, nullable=False),
        sa.Column('until', TIME, nullable=True),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('sent', sa.Integer(), nullable=False),
        sa.Column('sent_since', TIME, nullable=True),
        sa.Column('submitted_at', TIME, nullable=False),
        sa.Column('ended_at', TIME, nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('token_sha256'),
    )
    op.create_index('ix_door_requests_state', 'door_requests', ['merchant_id', 'state', 'submitted_at'])
    op.create_index('ix_door_requests_email', 'door_requests', ['merchant_id', 'email_prf', 'submitted_at'])
    op.create_index('ix_door_requests_case', 'door_requests', ['case_id'])
    for table, column in (('door_links', 'token_sha256'), ('door_visits', 'cookie_sha256')):
        op.create_table(
            table,
            sa.Column(column, HASH, nullable=False),
            sa.Column('request_id', ID, nullable=False),
            sa.Column('merchant_id', ID, nullable=False),
            sa.Column('made_at' if table == 'door_links' else 'expires_at', TIME, nullable=False),
            sa.ForeignKeyConstraint(['request_id'], ['door_requests.id']),
            sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
            sa.PrimaryKeyConstraint(column),
        )
        op.create_index(f'ix_{table}_request', table, ['request_id'])
    op.create_table(
        'case_messages',
        sa.Column('id', ID, nullable=False),
        sa.Column('merchant_id', ID, nullable=False),
        sa.Column('case_id', ID, nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('writer', sa.String(length=8), nullable=False),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('sealed_text', sa.LargeBinary(), nullable=True),
        sa.Column('at', TIME, nullable=False),
        sa.Column('written_by', ID, nullable=True),
        sa.Column('seen_at', TIME, nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['written_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_case_messages_case', 'case_messages', ['case_id', 'number'])
    op.create_index('ix_case_messages_unseen', 'case_messages', ['merchant_id', 'writer', 'seen_at'])


def downgrade() -> None:
    for table in ('case_messages', 'door_visits', 'door_links', 'door_requests', 'front_doors'):
        op.drop_table(table)
