"""cases with their demands, identifiers, facts and agents; one for each request that exists, and every export in one"""

import datetime as dt
import secrets
from collections import Counter, defaultdict

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

BATCH = 500
DAY = dt.timedelta(days=1)
TIME = sa.DateTime(timezone=True)
EXPORTS = sa.table(
    'exports',
    *(sa.column(name, sa.String) for name in (
        'id', 'merchant_id', 'requested_by', 'subject_kind', 'subject_index', 'reference', 'reference_key',
        'request_id', 'answer', 'case_id',
    )),
    *(sa.column(name, sa.Date) for name in ('received_on', 'month_ends_on', 'due_on')),
    sa.column('requested_at', TIME),
)  # fmt: skip
ANSWERS = sa.table(
    'answers',
    *(sa.column(name, sa.String) for name in (
        'request_id', 'kind', 'recorded_by', 'channel', 'copy', 'sha256', 'reason',
    )),
    sa.column('number', sa.Integer), sa.column('takes_back', sa.Integer), sa.column('until', sa.Date),
    sa.column('at', TIME), sa.column('recorded_at', TIME),
)  # fmt: skip
MERCHANTS = sa.table('merchants', sa.column('id', sa.String), sa.column('time_zone', sa.String))
KINDS = {'sent': 'answered', 'acknowledged': 'confirmed', 'extended': 'extended', 'refused': 'refused',
         'closed': 'closed', 'taken_back': 'taken_back'}  # fmt: skip
ENDS = {'answered': 'given', 'refused': 'refused', 'closed': 'withdrawn', 'withdrawn': 'withdrawn'}


def upgrade() -> None:
    tables()
    op.add_column('exports', sa.Column('case_id', sa.String(length=32), nullable=True))
    fill(op.get_bind())
    with op.batch_alter_table('exports') as batch:
        batch.alter_column('case_id', existing_type=sa.String(length=32), nullable=False)
        batch.create_foreign_key('fk_exports_case', 'cases', ['case_id'], ['id'])
    op.create_index('ix_exports_case', 'exports', ['case_id'])


def downgrade() -> None:
    op.drop_index('ix_exports_case', table_name='exports')
    with op.batch_alter_table('exports') as batch:
        batch.drop_constraint('fk_exports_case', type_='foreignkey')
        batch.drop_column('case_id')
    for name in ('case_agents', 'case_facts', 'case_identifiers', 'case_demands', 'cases'):
        op.drop_table(name)


def account(name: str) -> list[sa.schema.SchemaItem]:
    return [sa.Column(name, sa.String(length=32), nullable=True), sa.ForeignKeyConstraint([name], ['accounts.id'])]


def of_case() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column('merchant_id', sa.String(length=32), nullable=False),
        sa.Column('case_id', sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(['case_id'], ['cases.id']),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
    ]


def text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def tables() -> None:
    bytewise = sa.String(300).with_variant(sa.String(300, collation='C'), 'postgresql')
    op.create_table(
        'cases',
        text('id', 32), text('merchant_id', 32),
        sa.Column('year', sa.Integer(), nullable=False), sa.Column('number', sa.Integer(), nullable=False),
        text('reference', 100), sa.Column('reference_key', bytewise, nullable=False),
        text('profile', 40), text('calendar', 40), text('zone', 64), text('language', 8), text('channel', 12),
        sa.Column('received_at', TIME, nullable=True), sa.Column('received_on', sa.Date(), nullable=False),
        sa.Column('sealed_name', sa.LargeBinary(), nullable=True),
        text('subject_index', 80), text('state', 24), *account('assignee'),
        sa.Column('target_on', sa.Date(), nullable=False), sa.Column('last_lawful_on', sa.Date(), nullable=False),
        sa.Column('due_on', sa.Date(), nullable=False), sa.Column('extended_to', sa.Date(), nullable=True),
        sa.Column('closed_at', TIME, nullable=True), text('closed_as', 24),
        sa.Column('destroy_facts_after', TIME, nullable=True),
        sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('merchant_id', 'year', 'number', name='uq_cases_number'),
    )  # fmt: skip
    for name, columns in {
        'due': ['closed_at', 'due_on'], 'received': ['received_on'], 'state': ['state', 'due_on'],
        'assignee': ['assignee', 'due_on'], 'subject': ['subject_index', 'received_on'], 'reference': ['reference_key'],
    }.items():  # fmt: skip
        op.create_index(f'ix_cases_{name}', 'cases', ['merchant_id', *columns, 'id'])
    op.create_table(
        'case_demands',
        text('demand', 24), *of_case(), text('outcome', 16), *account('decided_by'),
        sa.Column('decided_at', TIME, nullable=True), text('code', 24),
        sa.PrimaryKeyConstraint('case_id', 'demand'),
    )  # fmt: skip
    op.create_table(
        'case_identifiers',
        text('id', 32), *of_case(), sa.Column('number', sa.Integer(), nullable=False), text('kind', 12),
        sa.Column('sealed_value', sa.LargeBinary(), nullable=True),
        sa.Column('export_id', sa.String(length=32), nullable=True),
        text('value_index', 80), text('standing', 12), *account('added_by'), sa.Column('added_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['export_id'], ['exports.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('case_id', 'number', name='uq_case_identifiers_number'),
    )  # fmt: skip
    op.create_index('ix_case_identifiers_value', 'case_identifiers', ['merchant_id', 'value_index'])
    op.create_table(
        'case_facts',
        text('id', 32), *of_case(), sa.Column('number', sa.Integer(), nullable=False), text('kind', 16),
        sa.Column('at', TIME, nullable=False), sa.Column('told_on', sa.Date(), nullable=True),
        sa.Column('recorded_at', TIME, nullable=False), *account('recorded_by'),
        sa.Column('codes', sa.JSON(), nullable=False), sa.Column('sealed_text', sa.LargeBinary(), nullable=True),
        sa.Column('takes_back', sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('case_id', 'number', name='uq_case_facts_number'),
    )  # fmt: skip
    op.create_table(
        'case_agents',
        text('id', 32), *of_case(), text('kind', 20), text('authority_kind', 20), text('scope', 20),
        *account('checked_by'), sa.Column('checked_at', TIME, nullable=False),
        sa.Column('valid_until', sa.Date(), nullable=True), text('deliver_to', 8),
        sa.PrimaryKeyConstraint('id'),
    )  # fmt: skip
    op.create_index('ix_case_agents_case', 'case_agents', ['case_id'])


def fill(connection: sa.Connection) -> None:
    """A case for each request, numbered within its merchant and year in the order they were asked for."""
    zones = dict(connection.execute(sa.select(MERCHANTS.c.id, MERCHANTS.c.time_zone)).tuples().all())
    numbers: Counter[tuple[str, int]] = Counter()
    known = sa.MetaData()
    known.reflect(connection, only=['cases', 'case_demands', 'case_identifiers', 'case_facts'])
    place = EXPORTS.c.merchant_id, EXPORTS.c.requested_at, EXPORTS.c.id
    after = None
    while True:
        wanted = sa.select(EXPORTS).where(EXPORTS.c.id == EXPORTS.c.request_id).order_by(*place).limit(BATCH)
        if after is not None:
            wanted = wanted.where(sa.tuple_(*place) > after)
        firsts = connection.execute(wanted).all()
        if not firsts:
            return
        after = firsts[-1].merchant_id, firsts[-1].requested_at, firsts[-1].id
        write(connection, firsts, zones, numbers, known)


def write(connection: sa.Connection, firsts: list, zones: dict[str, str], numbers: Counter, known: sa.MetaData) -> None:
    requests = [row.id for row in firsts]
    exports, answers = defaultdict(list), defaultdict(list)
    for row in connection.execute(
        sa.select(EXPORTS)
        .where(EXPORTS.c.request_id.in_(requests))
        .order_by(EXPORTS.c.requested_at, EXPORTS.c.id)
    ):
        exports[row.request_id].append(row)
    for row in connection.execute(
        sa.select(ANSWERS).where(ANSWERS.c.request_id.in_(requests)).order_by(ANSWERS.c.number)
    ):
        answers[row.request_id].append(row)
    rows: dict[str, list[dict]] = defaultdict(list)
    cases = []
    for first in firsts:
        year = utc(first.requested_at).year
        numbers[first.merchant_id, year] += 1
        made = case_of(first, exports[first.id], answers[first.id])
        made['cases'][0] |= {
            'year': year, 'number': numbers[first.merchant_id, year], 'zone': zones[first.merchant_id] or 'UTC',
        }  # fmt: skip
        cases.append({'request': first.id, 'case': made['cases'][0]['id']})
        for name, found in made.items():
            rows[name] += found
    for name, found in rows.items():
        connection.execute(known.tables[name].insert(), found)
    connection.execute(
        EXPORTS.update().where(EXPORTS.c.request_id == sa.bindparam('request')).values(case_id=sa.bindparam('case')),
        cases,
    )


def utc(time: dt.datetime) -> dt.datetime:
    """SQLite keeps times without their offset, which is UTC."""
    return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)


def case_of(first: sa.Row, exports: list[sa.Row], answers: list[sa.Row]) -> dict[str, list[dict]]:
    """The rows of one request's case. Who and what is asked stays sealed in the first export."""
    case_id, merchant_id = secrets.token_hex(16), first.merchant_id
    own = {'case_id': case_id, 'merchant_id': merchant_id}
    newest = next((row for row in exports if row.answer != 'later'), exports[-1])
    received = first.received_on or utc(first.requested_at).date()
    asked = {'at': first.requested_at, 'recorded_at': first.requested_at, 'recorded_by': first.requested_by}
    facts = [{'kind': 'received', **asked, 'told_on': received, 'codes': {'channel': 'unknown'}}]
    facts += [
        {'kind': 'export_asked', 'at': row.requested_at, 'recorded_at': row.requested_at,
         'recorded_by': row.requested_by, 'codes': {'export': row.id, 'part': first.id}}
        for row in exports
    ]  # fmt: skip
    before = len(facts)
    facts += [fact_of(row, before) for row in answers]
    if newest.answer == '':
        now = dt.datetime.now(dt.UTC)
        facts.append({'kind': 'closed', 'at': now, 'recorded_at': now, 'recorded_by': None,
                      'codes': {'reason': 'before_records'}})  # fmt: skip
    gone = {fact.get('takes_back') for fact in facts}
    holding = [fact for number, fact in enumerate(facts, 1) if number not in gone and fact['kind'] != 'taken_back']
    end = next((fact for fact in reversed(holding) if fact['kind'] in ENDS), None)
    extended = any(fact['kind'] == 'extended' for fact in holding)
    common = {'told_on': None, 'sealed_text': None, 'takes_back': None, **own}
    return {
        'cases': [{
            'id': case_id, 'merchant_id': merchant_id, 'reference': first.reference,
            'reference_key': first.reference_key, 'profile': 'EU', 'calendar': '', 'language': '',
            'channel': 'unknown', 'received_at': None, 'received_on': received, 'sealed_name': None,
            'subject_index': first.subject_index, 'state': end['kind'] if end else 'collecting', 'assignee': None,
            'target_on': newest.month_ends_on, 'last_lawful_on': after_weekend(newest.month_ends_on),
            'due_on': newest.due_on, 'extended_to': newest.due_on if extended else None,
            'closed_at': end['at'] if end else None,
            'closed_as': (end['codes'].get('reason') or end['kind']) if end else '', 'destroy_facts_after': None,
        }],
        'case_demands': [{
            **own, 'demand': 'access', 'outcome': ENDS[end['kind']] if end else 'open',
            'decided_by': end['recorded_by'] if end else None, 'decided_at': end['at'] if end else None,
            'code': end['codes'].get('reason', '') if end else '',
        }],
        'case_identifiers': [{
            **own, 'id': secrets.token_hex(16), 'number': 1, 'kind': first.subject_kind, 'sealed_value': None,
            'export_id': first.id, 'value_index': first.subject_index, 'standing': 'claimed',
            'added_by': first.requested_by, 'added_at': first.requested_at,
        }],
        'case_facts': [
            {**common, **fact, 'id': secrets.token_hex(16), 'number': number} for number, fact in enumerate(facts, 1)
        ],
    }  # fmt: skip


def fact_of(row: sa.Row, before: int) -> dict:
    codes = {
        'request': row.request_id, 'answer': str(row.number), 'channel': row.channel, 'copy': row.copy,
        'sha256': row.sha256, 'reason': row.reason, 'until': row.until.isoformat() if row.until else '',
    }  # fmt: skip
    kind = KINDS.get(row.kind, 'note')
    if kind == 'closed' and row.reason == 'taken_back':
        kind = 'withdrawn'
        del codes['reason']
    return {
        'kind': kind, 'at': row.at, 'recorded_at': row.recorded_at, 'recorded_by': row.recorded_by,
        'codes': {name: code for name, code in codes.items() if code},
        'takes_back': row.takes_back + before if row.takes_back else None,
    }  # fmt: skip


def after_weekend(day: dt.date) -> dt.date:
    """Without a calendar, a month that ends on a Saturday or Sunday ends with the Monday (Regulation 1182/71)."""
    while day.weekday() > 4:
        day += DAY
    return day
