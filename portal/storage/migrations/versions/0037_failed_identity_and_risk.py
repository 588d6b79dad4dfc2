"""when identity failed, what a file says that asks for a second proof, and from which amount a merchant wants one"""

import sqlalchemy as sa
from alembic import op

revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'failed_identities',
        sa.Column('case_id', sa.String(32), sa.ForeignKey('cases.id'), primary_key=True),
        sa.Column('merchant_id', sa.String(32), sa.ForeignKey('merchants.id'), nullable=False),
        sa.Column('failed_at', TIME, nullable=False),
    )
    op.create_index('ix_failed_identities_failed', 'failed_identities', ['failed_at'])
    op.execute(
        "INSERT INTO failed_identities (case_id, merchant_id, failed_at) "
        "SELECT id, merchant_id, closed_at FROM cases WHERE state = 'closed_not_identified' AND closed_at IS NOT NULL"
    )
    op.add_column('export_files', sa.Column('money_band', sa.Integer(), nullable=True))
    op.add_column('export_files', sa.Column('person_changed_on', sa.Date(), nullable=True))
    op.add_column('export_files', sa.Column('other_address', sa.Boolean(), nullable=True))
    with op.batch_alter_table('merchants') as table:
        table.add_column(sa.Column('second_proof_from', sa.Integer(), nullable=False, server_default='250'))
    with op.batch_alter_table('merchants') as table:
        table.alter_column('second_proof_from', existing_type=sa.Integer(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('merchants') as table:
        table.drop_column('second_proof_from')
    op.drop_column('export_files', 'other_address')
    op.drop_column('export_files', 'person_changed_on')
    op.drop_column('export_files', 'money_band')
    op.drop_table('failed_identities')
