"""an email is unique within a merchant: the same person may have an account at several"""

import sqlalchemy as sa
from alembic import op

from portal.storage.migrate import EmailsShared

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

# The constraint of 0001 has no name on SQLite; PostgreSQL gave it accounts_email_key.
NAMES = {'uq': 'uq_%(table_name)s_%(column_0_name)s'}
SHARED = 'SELECT count(*) FROM (SELECT 1 FROM accounts GROUP BY email HAVING count(*) > 1) AS shared'
SHARED_IDENTITY = (
    'UPDATE accounts SET sign_on_identity = NULL WHERE sign_on_identity IN '
    '(SELECT sign_on_identity FROM accounts GROUP BY sign_on_identity HAVING count(*) > 1)'
)


def upgrade() -> None:
    name = 'uq_accounts_email' if op.get_bind().dialect.name == 'sqlite' else 'accounts_email_key'
    op.drop_index('ix_accounts_sign_on_identity', table_name='accounts')
    with op.batch_alter_table('accounts', naming_convention=NAMES) as batch:
        batch.drop_constraint(name, type_='unique')
        batch.create_unique_constraint('uq_accounts_merchant_email', ['merchant_id', 'email'])
    op.create_index('ix_accounts_email', 'accounts', ['email'])
    op.create_index('ix_accounts_sign_on_identity', 'accounts', ['merchant_id', 'sign_on_identity'], unique=True)


def downgrade() -> None:
    if op.get_bind().scalar(sa.text(SHARED)):
        raise EmailsShared
    op.execute(SHARED_IDENTITY)
    op.drop_index('ix_accounts_sign_on_identity', table_name='accounts')
    op.drop_index('ix_accounts_email', table_name='accounts')
    name = 'uq_accounts_email' if op.get_bind().dialect.name == 'sqlite' else 'accounts_email_key'
    with op.batch_alter_table('accounts') as batch:
        batch.drop_constraint('uq_accounts_merchant_email', type_='unique')
        batch.create_unique_constraint(name, ['email'])
    op.create_index('ix_accounts_sign_on_identity', 'accounts', ['sign_on_identity'], unique=True)
