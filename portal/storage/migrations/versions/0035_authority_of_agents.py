"""of whom acts for a person: the day of the authority that was seen, and when it ended"""

import sqlalchemy as sa
from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('case_agents', sa.Column('authority_on', sa.Date(), nullable=True))
    op.add_column('case_agents', sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('case_agents', 'ended_at')
    op.drop_column('case_agents', 'authority_on')
