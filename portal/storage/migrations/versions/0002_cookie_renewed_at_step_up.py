"""a session keeps its id while its cookie's value changes (SEC-33 at step-up)"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('login_sessions') as table:
        table.add_column(sa.Column('cookie_hash', sa.String(length=64), nullable=True))
        table.add_column(sa.Column('proved_socket', sa.String(length=64), nullable=False, server_default=''))
    op.execute('UPDATE login_sessions SET cookie_hash = id_hash')
    with op.batch_alter_table('login_sessions') as table:
        table.alter_column('cookie_hash', existing_type=sa.String(length=64), nullable=False)
        table.alter_column('proved_socket', existing_type=sa.String(length=64), server_default=None)
        table.create_index('ix_login_sessions_cookie_hash', ['cookie_hash'], unique=True)


def downgrade() -> None:
    """A session renewed since keeps its row but not its cookie: its person signs in again."""
    with op.batch_alter_table('login_sessions') as table:
        table.drop_index('ix_login_sessions_cookie_hash')
        table.drop_column('proved_socket')
        table.drop_column('cookie_hash')
