"""an open case's first fact says all that is asked for, where an export does not serve all of it"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

SERVED = ('access', 'portability')
CASES = sa.table('cases', sa.column('id', sa.String), sa.column('closed_at', sa.DateTime(timezone=True)))
DEMANDS = sa.table('case_demands', sa.column('case_id', sa.String), sa.column('demand', sa.String))
FACTS = sa.table(
    'case_facts', sa.column('id', sa.String), sa.column('case_id', sa.String), sa.column('number', sa.Integer),
    sa.column('codes', sa.JSON),
)


def upgrade() -> None:
    connection = op.get_bind()
    more = sa.select(DEMANDS.c.case_id).where(DEMANDS.c.demand.not_in(SERVED))
    wanted = (
        sa.select(FACTS.c.id, FACTS.c.codes, FACTS.c.case_id)
        .join(CASES, CASES.c.id == FACTS.c.case_id)
        .where(FACTS.c.number == 1, CASES.c.closed_at.is_(None), CASES.c.id.in_(more))
    )
    for fact_id, codes, case_id in connection.execute(wanted).all():
        asked = sorted(connection.scalars(sa.select(DEMANDS.c.demand).where(DEMANDS.c.case_id == case_id)))
        _write(connection, fact_id, {**codes, 'demands': ','.join(asked)})


def downgrade() -> None:
    connection = op.get_bind()
    for fact_id, codes in connection.execute(sa.select(FACTS.c.id, FACTS.c.codes).where(FACTS.c.number == 1)).all():
        if 'demands' in codes:
            _write(connection, fact_id, {name: code for name, code in codes.items() if name != 'demands'})


def _write(connection: sa.Connection, fact_id: str, codes: dict[str, str]) -> None:
    connection.execute(sa.update(FACTS).where(FACTS.c.id == fact_id).values(codes=codes))
