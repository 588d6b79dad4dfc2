"""an export in four tables: where it stands, what was asked, what LoyaltyDog answered, the file"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def asked() -> list[sa.Column]:
    return [
        sa.Column('subject_kind', sa.String(length=12), nullable=False),
        sa.Column('sealed_subject', sa.LargeBinary(), nullable=False),
        sa.Column('sealed_card_id', sa.LargeBinary(), nullable=True),
        sa.Column('channel', sa.String(length=8), nullable=False),
        sa.Column('asked_in', sa.String(length=64), nullable=False),
    ]


def response() -> list[sa.Column]:
    return [
        sa.Column('sent_at', TIME, nullable=True),
        sa.Column('accepted_at', TIME, nullable=True),
        sa.Column('retry_at', TIME, nullable=True),
        sa.Column('vendor_export_id', sa.String(length=200), nullable=False),
        sa.Column('vendor_status', sa.String(length=100), nullable=False),
        sa.Column('vendor_request_id', sa.String(length=128), nullable=False),
        sa.Column('sealed_download_url', sa.LargeBinary(), nullable=True),
        sa.Column('clock_skew_seconds', sa.Double(), nullable=True),
        sa.Column('notes', sa.JSON(), nullable=False),
        sa.Column('problem_code', sa.String(length=60), nullable=False),
        sa.Column('problem', sa.Text(), nullable=False),
        sa.Column('next_step', sa.Text(), nullable=False),
        sa.Column('sealed_refusal', sa.LargeBinary(), nullable=True),
    ]


def file() -> list[sa.Column]:
    return [
        sa.Column('fetched_bytes', sa.BigInteger(), nullable=False),
        sa.Column('expected_bytes', sa.BigInteger(), nullable=True),
        sa.Column('collected_at', TIME, nullable=True),
        sa.Column('size_bytes', sa.BigInteger(), nullable=True),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('media_type', sa.String(length=100), nullable=False),
        sa.Column('blob_name', sa.String(length=200), nullable=False),
        sa.Column('table_count', sa.Integer(), nullable=True),
        sa.Column('row_count', sa.BigInteger(), nullable=True),
        sa.Column('verdict', sa.String(length=16), nullable=False),
        sa.Column('checks', sa.JSON(), nullable=False),
        sa.Column('destroy_after', TIME, nullable=True),
        sa.Column('destroyed_at', TIME, nullable=True),
    ]


PARTS = {'export_asked': asked, 'export_responses': response, 'export_files': file}
# A column that nothing ever wrote; the older version's tables have it.
WORKER = 'worker'


def upgrade() -> None:
    for table, columns in PARTS.items():
        op.create_table(
            table,
            sa.Column('export_id', sa.String(length=32), nullable=False),
            *columns(),
            sa.ForeignKeyConstraint(['export_id'], ['exports.id']),
            sa.PrimaryKeyConstraint('export_id'),
        )
        names = ', '.join(column.name for column in columns())
        op.execute(f'INSERT INTO {table} (export_id, {names}) SELECT id, {names} FROM exports')
    op.create_index('ix_export_files_due', 'export_files', ['destroyed_at', 'destroy_after'])
    op.drop_index('ix_exports_due', table_name='exports')
    op.drop_index('ix_exports_state', table_name='exports')
    with op.batch_alter_table('exports') as batch:
        for columns in PARTS.values():
            for column in columns():
                batch.drop_column(column.name)
        batch.drop_column(WORKER)
    op.create_index('ix_exports_state', 'exports', ['state'])


def downgrade() -> None:
    op.drop_index('ix_exports_state', table_name='exports')
    needed: list[sa.Column] = [sa.Column(WORKER, sa.String(length=64), nullable=True)]
    for table, columns in PARTS.items():
        for column in columns():
            op.add_column('exports', sa.Column(column.name, column.type, nullable=True))
            needed += [] if column.nullable else [column]
        pairs = ', '.join(f'{column.name} = part.{column.name}' for column in columns())
        op.execute(f'UPDATE exports SET {pairs} FROM {table} AS part WHERE part.export_id = exports.id')
    op.add_column('exports', sa.Column(WORKER, sa.String(length=64), nullable=True))
    op.execute(f"UPDATE exports SET {WORKER} = ''")
    with op.batch_alter_table('exports') as batch:
        for column in needed:
            batch.alter_column(column.name, existing_type=column.type, nullable=False)
    op.create_index('ix_exports_state', 'exports', ['state', 'retry_at'])
    op.create_index('ix_exports_due', 'exports', ['destroyed_at', 'destroy_after'])
    for table in reversed(PARTS):
        op.drop_table(table)
