"""an email is shown as written and looked up by its key; merchants say in which form their exports are indexed"""

import sqlalchemy as sa
from alembic import op

from portal.identifiers import identifier_key

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('merchants', sa.Column('index_form', sa.Integer(), nullable=True))
    op.execute('UPDATE merchants SET index_form = 1')
    op.add_column('accounts', sa.Column('email_key', sa.String(length=320), nullable=True))
    accounts = sa.table('accounts', sa.column('id', sa.String), sa.column('email', sa.String), sa.column('email_key'))
    found = op.get_bind().execute(sa.select(accounts.c.id, accounts.c.email)).all()
    for account_id, email in found:
        op.execute(accounts.update().where(accounts.c.id == account_id).values(email_key=identifier_key(email)))
    op.drop_index('ix_accounts_email', table_name='accounts')
    with op.batch_alter_table('accounts') as batch:
        batch.alter_column('email_key', existing_type=sa.String(length=320), nullable=False)
        batch.drop_constraint('uq_accounts_merchant_email', type_='unique')
        batch.create_unique_constraint('uq_accounts_merchant_email_key', ['merchant_id', 'email_key'])
    op.create_index('ix_accounts_email_key', 'accounts', ['email_key'])


def downgrade() -> None:
    op.drop_index('ix_accounts_email_key', table_name='accounts')
    with op.batch_alter_table('accounts') as batch:
        batch.drop_constraint('uq_accounts_merchant_email_key', type_='unique')
        batch.create_unique_constraint('uq_accounts_merchant_email', ['merchant_id', 'email'])
        batch.drop_column('email_key')
    op.create_index('ix_accounts_email', 'accounts', ['email'])
    op.drop_column('merchants', 'index_form')
