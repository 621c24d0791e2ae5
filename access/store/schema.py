"""The schema's versions: `upgrade` brings a database to this program's, `current` tells which one it has.

The migrations ship inside the package and are configured here, so that no alembic.ini is needed anywhere.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from access.errors import StoreDown

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(engine: Engine, revision: str | None = None) -> None:
    """Bring the database to the newest schema, or to an earlier one; does nothing if it is there."""
    wanted = revision or newest()
    if wanted is None or current(engine) == wanted:
        return
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, wanted)


def current(engine: Engine) -> str | None:
    """Return the schema version of the database; None if it is empty. Raise `StoreDown` if it does not answer."""
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise StoreDown(
            f"database {engine.url.render_as_string(hide_password=True)}: {error.orig}"
        ) from error


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
