"""entries of the trail are numbered from 1 in whole numbers, and all else of them is text"""

import sqlalchemy as sa
from alembic import op

from portal.storage.migrate import TamperedRows

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

TEXTS = ('merchant_id', 'at', 'actor', 'action', 'object_id', 'origin', 'result', 'facts', 'prev_hash', 'entry_hash')
KINDS = " AND ".join(["typeof(seq) = 'integer'", *(f"typeof({name}) = 'text'" for name in TEXTS)])
NUMBERED = 'seq >= 1'
RULES = {
    'sqlite': {'ck_audit_entries_seq': NUMBERED, 'ck_audit_entries_kinds': KINDS},
    'postgresql': {'ck_audit_entries_seq': NUMBERED},
}
WRONG = {
    'sqlite': f"SELECT count(*) FROM audit_entries WHERE NOT ({NUMBERED} AND {KINDS})",
    'postgresql': f"SELECT count(*) FROM audit_entries WHERE NOT ({NUMBERED})",
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    wrong = op.get_bind().scalar(sa.text(WRONG[dialect]))
    if wrong:
        raise TamperedRows(detail=f"audit_entries: {wrong} rows")
    with op.batch_alter_table('audit_entries') as batch:
        for name, rule in RULES[dialect].items():
            batch.create_check_constraint(name, rule)


def downgrade() -> None:
    with op.batch_alter_table('audit_entries') as batch:
        for name in RULES[op.get_bind().dialect.name]:
            batch.drop_constraint(name, type_='check')
