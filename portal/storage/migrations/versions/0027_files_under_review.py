"""files of a case under review: pages of answers have an id, attached files may replace one another"""

import uuid

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table('case_source_pages') as table:
        table.add_column(sa.Column('id', sa.String(length=32), nullable=True))
    _number_pages()
    with op.batch_alter_table('case_source_pages') as table:
        table.alter_column('id', existing_type=sa.String(length=32), nullable=False)
    op.create_index('ix_case_source_pages_id', 'case_source_pages', ['id'], unique=True)
    with op.batch_alter_table('case_system_files') as table:
        table.add_column(sa.Column('replaces', sa.String(length=32), nullable=True))
        table.add_column(sa.Column('opened_at', TIME, nullable=True))
    op.create_index('ix_case_system_files_replaces', 'case_system_files', ['replaces'])


def _number_pages() -> None:
    pages = sa.table('case_source_pages', sa.column('source_id'), sa.column('number'), sa.column('id'))
    connection = op.get_bind()
    for source_id, number in connection.execute(sa.select(pages.c.source_id, pages.c.number)).all():
        connection.execute(
            sa.update(pages)
            .where(pages.c.source_id == source_id, pages.c.number == number)
            .values(id=uuid.uuid4().hex)
        )


def downgrade() -> None:
    op.drop_index('ix_case_system_files_replaces', 'case_system_files')
    with op.batch_alter_table('case_system_files') as table:
        table.drop_column('opened_at')
        table.drop_column('replaces')
    op.drop_index('ix_case_source_pages_id', 'case_source_pages')
    with op.batch_alter_table('case_source_pages') as table:
        table.drop_column('id')
