"""how long ended cases are kept: a merchant's period and its reason, and when what was written in a case was destroyed"""

import calendar
import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
MONTHS = 24
BATCH = 500
CASES = sa.table(
    'cases', sa.column('id', sa.String), sa.column('closed_at', TIME), sa.column('destroy_facts_after', TIME)
)


def upgrade() -> None:
    op.create_table(
        'case_retention',
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('months', sa.Integer(), nullable=False),
        sa.Column('reason', sa.String(length=400), nullable=False),
        sa.Column('updated_at', TIME, nullable=False),
        sa.Column('updated_by', sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['updated_by'], ['accounts.id']),
        sa.PrimaryKeyConstraint('merchant_id'),
    )
    op.add_column('cases', sa.Column('facts_destroyed_at', TIME, nullable=True))
    op.create_index('ix_cases_destroy', 'cases', ['facts_destroyed_at', 'destroy_facts_after'])
    date_ended_cases(op.get_bind())


def date_ended_cases(connection: sa.Connection) -> None:
    """Cases that have ended get the day they would have had; open ones get theirs when they end."""
    c = CASES.c
    ended = sa.select(c.id, c.closed_at).where(c.closed_at.is_not(None), c.destroy_facts_after.is_(None))
    write = sa.update(CASES).where(c.id == sa.bindparam('case_id')).values(destroy_facts_after=sa.bindparam('until'))
    last = ''
    while rows := connection.execute(ended.where(c.id > last).order_by(c.id).limit(BATCH)).all():
        connection.execute(write, [{'case_id': row.id, 'until': months_after(row.closed_at)} for row in rows])
        last = rows[-1].id


def months_after(ended_at: dt.datetime) -> dt.datetime:
    year = ended_at.year + MONTHS // 12
    return ended_at.replace(year=year, day=min(ended_at.day, calendar.monthrange(year, ended_at.month)[1]))


def downgrade() -> None:
    op.drop_index('ix_cases_destroy', 'cases')
    with op.batch_alter_table('cases') as table:
        table.drop_column('facts_destroyed_at')
    op.execute(sa.update(CASES).values(destroy_facts_after=None))
    op.drop_table('case_retention')
