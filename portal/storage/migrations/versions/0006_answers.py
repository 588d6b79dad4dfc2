"""how a request was answered, until when it must be, and which exports belong to one request"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

# No batch: SQLite adds and drops plain columns by itself, and a table others point to is not made anew.

COLUMNS = (
    ('request_id', sa.String(length=32)),
    ('month_ends_on', sa.Date()),
    ('due_on', sa.Date()),
    ('answer', sa.String(length=12)),
    ('answered_on', sa.Date()),
)
INDEXES = {
    'ix_exports_answer': ['merchant_id', 'answer', 'requested_at', 'id'],
    'ix_exports_answer_due': ['merchant_id', 'answer', 'due_on', 'id'],
}
FIRST_OF_REQUEST = "UPDATE exports SET request_id = id WHERE repeat_of IS NULL"
REPEATS = """
    UPDATE exports SET request_id = (SELECT p.request_id FROM exports p WHERE p.id = exports.repeat_of)
    WHERE request_id IS NULL
      AND EXISTS (SELECT 1 FROM exports p WHERE p.id = exports.repeat_of AND p.request_id IS NOT NULL)
"""
# A repeat carried the day of receipt over already; without one, the day the first export was asked for counts.
RECEIVED = {
    'sqlite': "coalesce(received_on, (SELECT substr(f.requested_at, 1, 10) FROM exports f "
    "WHERE f.id = exports.request_id))",
    'postgresql': "coalesce(received_on, (SELECT (f.requested_at AT TIME ZONE 'UTC')::date FROM exports f "
    "WHERE f.id = exports.request_id))",
}
MONTH_LATER = {
    'sqlite': "min(date({day}, '+1 month'), date({day}, 'start of month', '+2 months', '-1 day'))",
    'postgresql': "({day} + interval '1 month')::date",
}
# Nobody could say how these were answered: those whose month is over count as neither open nor late.
ANSWER = "UPDATE exports SET due_on = month_ends_on, answer = CASE WHEN month_ends_on >= {today} THEN 'open' ELSE '' END"
TODAY = {'sqlite': "date('now')", 'postgresql': "(now() AT TIME ZONE 'UTC')::date"}
OLDER_OF_REQUEST = """
    UPDATE exports SET answer = 'later'
    WHERE request_id IN (SELECT r.request_id FROM exports r WHERE r.repeat_of IS NOT NULL)
      AND EXISTS (
        SELECT 1 FROM exports n WHERE n.request_id = exports.request_id
        AND (n.requested_at > exports.requested_at OR (n.requested_at = exports.requested_at AND n.id > exports.id))
      )
"""


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column('exports', sa.Column(name, kind, nullable=True))
    op.create_table(
        'answers',
        sa.Column('request_id', sa.String(length=32), nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('export_id', sa.String(length=32), nullable=False),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('recorded_by', sa.String(length=32), nullable=False),
        sa.Column('channel', sa.String(length=12), nullable=False),
        sa.Column('copy', sa.String(length=12), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('reason', sa.String(length=16), nullable=False),
        sa.Column('until', sa.Date(), nullable=True),
        sa.Column('takes_back', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['export_id'], ['exports.id']),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.ForeignKeyConstraint(['recorded_by'], ['accounts.id']),
        sa.ForeignKeyConstraint(['request_id'], ['exports.id']),
        sa.PrimaryKeyConstraint('request_id', 'number'),
    )
    op.create_index('ix_exports_request', 'exports', ['request_id'])  # which `fill` needs
    fill(op.get_bind())
    for name, columns in INDEXES.items():
        op.create_index(name, 'exports', columns)


def fill(connection: sa.Connection) -> None:
    kind = connection.dialect.name
    connection.execute(sa.text(FIRST_OF_REQUEST))
    while connection.execute(sa.text(REPEATS)).rowcount:
        pass
    connection.execute(sa.text("UPDATE exports SET request_id = id WHERE request_id IS NULL"))
    connection.execute(sa.text(f"UPDATE exports SET month_ends_on = {RECEIVED[kind]}"))
    connection.execute(sa.text(f"UPDATE exports SET month_ends_on = {MONTH_LATER[kind].format(day='month_ends_on')}"))
    connection.execute(sa.text(ANSWER.format(today=TODAY[kind])))
    connection.execute(sa.text(OLDER_OF_REQUEST))


def downgrade() -> None:
    for name in (*INDEXES, 'ix_exports_request'):
        op.drop_index(name, table_name='exports')
    op.drop_table('answers')
    for name, _kind in reversed(COLUMNS):
        op.drop_column('exports', name)
