"""what the person of an ended case is known by is destroyed with what was written in the case"""

import sqlalchemy as sa
from alembic import op

revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None

CASES = sa.table('cases', sa.column('facts_destroyed_at', sa.DateTime(timezone=True)))
ASKED = sa.table('export_asked', sa.column('sealed_subject', sa.LargeBinary))


def upgrade() -> None:
    with op.batch_alter_table('export_asked') as table:
        table.alter_column('sealed_subject', existing_type=sa.LargeBinary(), nullable=True)
    # Their words are destroyed; what the person is known by comes due now, by the same clock.
    op.execute(sa.update(CASES).values(facts_destroyed_at=None))


def downgrade() -> None:
    op.execute(sa.update(ASKED).where(ASKED.c.sealed_subject.is_(None)).values(sealed_subject=b''))
    with op.batch_alter_table('export_asked') as table:
        table.alter_column('sealed_subject', existing_type=sa.LargeBinary(), nullable=False)
