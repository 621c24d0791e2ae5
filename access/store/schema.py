"""The schema's versions: `upgrade` brings a database to this program's, `current` tells which one it has.

The migrations ship inside the package and are configured here, so that no alembic.ini is needed anywhere.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DatabaseError, OperationalError

from access.errors import Invalid, StoreDown

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(engine: Engine, revision: str | None = None) -> None:
    """Bring the database to the newest schema, or to an earlier one; does nothing if it is there.

    Raise `Invalid` for a schema that this program does not know, and for a SQLite file of another program's.
    """
    wanted = revision or newest()
    if wanted is None or (found := current(engine)) == wanted:
        return
    if found is not None and found not in (known := history()):
        raise Invalid(
            f"database {_address(engine)}: schema {found}, expected {known[-1]} or one before: "
            "a newer program wrote it; start that one, or restore a copy from before"
        )
    if found is None and engine.dialect.name == "sqlite" and (others := inspect(engine).get_table_names()):
        raise Invalid(
            f"database {_address(engine)}: has tables of another program's: {', '.join(others[:3])}"
        )
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, wanted)


def current(engine: Engine) -> str | None:
    """Return the schema version of the database; None if it is empty.

    Raise `StoreDown` if it does not answer, `Invalid` if it is damaged or no database.
    """
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise StoreDown(f"database {_address(engine)}: {error.orig}") from error
    except DatabaseError as error:
        raise Invalid(f"database {_address(engine)}: {error.orig}") from error


def _address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)


def newest() -> str | None:
    """Return the schema version that this program works with."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def history() -> list[str]:
    """Return every schema version that this program can bring up to date, the oldest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
