"""no two accounts belong to one identity of the single sign-on's provider"""

from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

# Of accounts that share one already nobody can say whose it is: all of them begin anew, by email.
SHARED = (
    'UPDATE accounts SET sign_on_identity = NULL WHERE sign_on_identity IN '
    '(SELECT sign_on_identity FROM accounts GROUP BY sign_on_identity HAVING count(*) > 1)'
)


def upgrade() -> None:
    op.execute(SHARED)
    op.create_index('ix_accounts_sign_on_identity', 'accounts', ['sign_on_identity'], unique=True)


def downgrade() -> None:
    op.drop_index('ix_accounts_sign_on_identity', table_name='accounts')
