"""How a database would go about a query: a slow one is seen in its plan, however few rows a test makes."""

from typing import Any

from sqlalchemy import ClauseElement, Executable, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from common.sql import Database


class Explained(Executable, ClauseElement):
    """A query whose plan is asked for, with its values as the store gives them."""

    inherit_cache = False

    def __init__(self, query: Select[Any]) -> None:
        self.query = query


@compiles(Explained)
def _compile(element: Explained, compiler: SQLCompiler, **given: Any) -> str:
    how = "EXPLAIN QUERY PLAN" if compiler.dialect.name == "sqlite" else "EXPLAIN (FORMAT JSON)"
    return f"{how} {compiler.process(element.query, **given)}"


async def scanned(database: Database, query: Select[Any]) -> list[str]:
    """Return the tables of which the database would look at every row."""
    steps = await _steps(database, query)
    if database.is_sqlite:
        assert any("USING" in step for step in steps)
        return [step for step in steps if step.startswith("SCAN") and "USING" not in step]
    return [node["Relation Name"] for node in steps if node["Node Type"] == "Seq Scan"]


async def indexes(database: Database, query: Select[Any]) -> dict[str, str]:
    """Return the indexes that the database would go by, each with the condition that it is searched for."""
    steps = await _steps(database, query)
    if database.is_sqlite:
        used = [step.partition(" INDEX ")[2].partition(" (") for step in steps if " INDEX " in step]
        return {name: condition for name, _, condition in used}
    return {node["Index Name"]: node.get("Index Cond", "") for node in steps if "Index Name" in node}


async def _steps(database: Database, query: Select[Any]) -> list[Any]:
    """Return the steps of SQLite's plan, which are lines, or of PostgreSQL's, which are objects."""
    async with database.read() as connection:
        plan = (await connection.execute(Explained(query))).all()
    return [row.detail for row in plan] if database.is_sqlite else _nodes(plan[0][0][0]["Plan"])


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]
