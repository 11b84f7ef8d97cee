"""The way through, from paths to a `Migration`: files, facts, plan, rewrite, verify, requirements. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import libcst as cst

from codemods import verify as verification
from codemods.config import Config, find_python
from codemods.entries import Scripts
from codemods.facts.assemble import assemble
from codemods.facts.closure import find_closure
from codemods.facts.declared import with_any_receiver, with_iterated_attributes
from codemods.facts.decorators import with_decorators
from codemods.facts.defaults import with_defaults
from codemods.facts.exits import with_exits
from codemods.facts.expressions import Expressions
from codemods.facts.given import with_given
from codemods.facts.graph import CallGraph
from codemods.facts.imported_values import with_imported_values
from codemods.facts.inheritance import inheritance_of, last_name
from codemods.facts.named_classes import asked_for_class, named_classes
from codemods.facts.pyrefly import CheckerRun, report_of
from codemods.facts.report import Report
from codemods.facts.syntax import ImportedNames, Position
from codemods.facts.texts import Text
from codemods.inspection import inspect
from codemods.mentions import Sources
from codemods.model import (
    Action,
    FileChange,
    Finding,
    Migration,
    Problem,
    Scope,
)
from codemods.packs import Knowledge, load_packs, with_declared, with_named_handlers
from codemods.parsing import parse
from codemods.planning.facts import PlanningFacts, PlanningOptions
from codemods.planning.plan import Decision, Plan, make_plan
from codemods.project import DecodeError, Project, decode, load_project
from codemods.requirements.stage import with_requirements
from codemods.rewrite.engine import rewrite
from codemods.rewrite.module_edits import ModuleEdits, edits_by_file
from codemods.rules import PROMOTED_CALL
from codemods.rules.clients import CLIENTS
from codemods.rules.consumption import Consumed
from codemods.tree import LineTable, Tree
from codemods.twins.graph import find_twins, with_twin_calls, with_twin_methods

_ASYNC = re.compile(rb"\basync\s+def\b")


def migrate(paths: Sequence[Path], config: Config, relative_to: Path | None = None) -> Migration:
    """Finds, decides and rewrites; nothing is written.

    `paths` are files and folders; names in the result are relative to `relative_to`, by default the current
    directory.

    Raises PathError for paths that do not exist or hold no Python, CheckerError when the type checker cannot be
    used, ConfigError for a wrong configuration.
    """
    project = load_project(paths, config, relative_to or Path.cwd())
    packs = load_packs()
    knowledge = with_declared(
        packs,
        config.call,
        config.offload,
        config.with_,
        config.iter,
        config.boundary,
        config.handler,
        config.twin,
    )
    run = _Run(project, knowledge, config)
    if not run.may_have_work():
        return run.nothing()
    return with_requirements(
        run.migrate(),
        project,
        client=CLIENTS[config.client].module,
        update=config.update_requirements,
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    graph: CallGraph
    planning: PlanningFacts


class _Run:
    """One migration: what is known of it so far."""

    def __init__(self, project: Project, knowledge: Knowledge, config: Config) -> None:
        self._project = project
        self._knowledge = knowledge
        self._config = config
        self._sources = {source.name: source for source in (*project.files, *project.context)}
        self._outside = frozenset(source.name for source in project.context)
        self._texts: dict[str, Text] = {}
        self._encodings: dict[str, str] = {}
        self._problems: list[Problem] = list(project.problems)
        self._missing_modules: tuple[str, ...] = ()
        has_async = any(_ASYNC.search(source.content) for source in project.files)
        self._has_async = has_async
        self._scope = config.scope
        self._scope_reason = "you asked for it"
        if config.scope is Scope.AUTO:
            self._scope = Scope.ASYNC if has_async else Scope.ALL
            what = "some" if has_async else "no"
            self._scope_reason = f"the project has {what} coroutine functions"
        self._options = PlanningOptions(scope=self._scope, fallback=config.fallback, session=config.session)

    def may_have_work(self) -> bool:
        """Whether any seed's name occurs: bytes only, the checker is not started."""
        if self._has_async or self._knowledge.declared or self._knowledge.declared_names:
            return True
        contents = [source.content for source in self._project.files]
        for name in (*self._knowledge.blocking, *(one.sync for one in self._knowledge.classes)):
            first, last = name.split(".")[0].encode(), name.rpartition(".")[2].encode()
            if any(first in content for content in contents) and any(last in content for content in contents):
                return True
        return False

    def nothing(self) -> Migration:
        """A migration without findings."""
        return Migration(
            scope=self._scope,
            scope_reason=self._scope_reason,
            findings=(),
            functions=(),
            changes=(),
            problems=tuple(sorted(self._problems, key=_problem_order)),
            missing_modules=self._missing_modules,
            files_read=len(self._project.files),
            lines_read=self._lines_read(),
        )

    def _lines_read(self) -> int:
        return sum(source.content.count(b"\n") for source in self._project.files)

    def migrate(self) -> Migration:
        """The whole way."""
        self._decode_all()
        facts = self._gather()
        plan = make_plan(facts.planning, self._options)
        broken: dict[str, Problem] = {}
        while True:
            changes, failures = self._rewrite_all(plan, facts)
            fresh = {problem.path: problem for problem in failures if problem.path not in broken}
            if not fresh:
                break
            broken |= fresh
            facts = replace(facts, planning=_without(facts.planning, broken))
            plan = make_plan(facts.planning, self._options)
        self._problems += broken.values()
        return replace(
            self.nothing(),
            findings=tuple(sorted(plan.findings, key=_finding_order)),
            functions=plan.functions,
            changes=tuple(changes),
        )

    def _decode_all(self) -> None:
        for source in self._sources.values():
            reason = _unusable_name(source.path)
            if reason is not None:
                self._note(source.name, None, reason)
                continue
            try:
                decoded = decode(source.content)
            except DecodeError as error:
                self._note(source.name, error.line, str(error))
                continue
            # the checker reads UTF-8 only; pure ASCII is that, whatever the cookie says
            if decoded.encoding not in {"utf-8", "utf-8-sig"} and not source.content.isascii():
                message = f"its encoding is {decoded.encoding}, and types are inferred from UTF-8 only; convert it"
                self._note(source.name, None, message)
                continue
            self._texts[source.name] = Text(source.name, LineTable(decoded.text), decoded.has_bom)
            self._encodings[source.name] = decoded.encoding

    def _note(self, path: str, line: int | None, message: str) -> None:
        """Notes the first problem of a file; files that were not given have none."""
        if path not in self._outside and all(one.path != path for one in self._problems):
            self._problems.append(Problem(path, line, message))

    def _gather(self) -> _Facts:
        """The facts, as far as they are needed; the checker's report is gone afterwards."""
        files = [source for source in self._sources.values() if source.name in self._texts]
        run = CheckerRun(
            files=[source.path for source in files],
            import_roots=self._project.import_roots,
            python=find_python(self._config, self._project.root),
            stand_ins=self._knowledge.libraries,
        )
        names = self._names_to_probe(self._knowledge.names)
        class_names = self._names_to_probe(self._knowledge.class_names)
        texts = {str(source.path): self._texts[source.name] for source in files}
        with report_of(run, _probe_source(names, class_names)) as (folder, probe):
            report = Report(folder)
            classes = named_classes(report, probe, class_names, len(names) + 1)
            takers = {one.taker for one in self._knowledge.boundaries} - {None}
            graph = assemble(
                report,
                texts,
                probe,
                names,
                self._knowledge.replaced,
                asks_iteration=bool(self._knowledge.iterated),
            )
            graph = with_any_receiver(graph, self._texts, self._knowledge.on_any_receiver)
            expressions = Expressions(report, self._texts, {name: str(one.path) for name, one in self._sources.items()})
            graph = with_iterated_attributes(graph, self._texts, expressions.types, self._knowledge.iterated)
            graph = with_imported_values(with_defaults(graph, self._texts), self._texts)
            graph = with_exits(with_decorators(graph, self._texts))
            graph = with_given(graph, self._texts, takers)
            self._note_unknown_names(graph.known_names | classes.keys())
            knowledge = with_named_handlers(self._knowledge, classes)
            unread = self._unread(self._note_syntax_problems(report, texts))
            twins = find_twins(graph, self._texts, expressions, knowledge.classes, classes, self._outside, unread)
            graph, knowledge = with_twin_calls(graph, twins), with_twin_methods(knowledge, twins)
            self._missing_modules = tuple(sorted(report.missing_modules(texts)))
            inheritance = inheritance_of(graph)
            closure = find_closure(
                graph,
                self._texts,
                knowledge,
                self._outside,
                inheritance,
                only_reached=self._scope is Scope.ASYNC,
            )
            sources = Sources(
                texts=self._texts,
                unread=unread,
                outside=self._outside,
                scripts=Scripts(self._project.scripts, self._project.entry_points - self._project.scripts),
                stubbed=frozenset(source.name for source in files if source.path.with_suffix(".pyi").exists()),
            )
            inspection = inspect(
                graph,
                closure,
                inheritance,
                sources,
                knowledge,
                self._config,
                self._options,
                expressions,
                twins,
            )
        for problem in inspection.problems:
            self._note(problem.path, problem.line, problem.message)
        return _Facts(graph, inspection.facts)

    def _names_to_probe(self, names: Sequence[str]) -> list[str]:
        """The packs' names whose library the project mentions: probing others would have them checked in vain."""
        mentioned = {
            root
            for root in {name.partition(".")[0] for name in names}
            if any(root.encode() in source.content for source in self._project.files)
        }
        declared = self._knowledge.declared | self._knowledge.declared_names
        return [name for name in names if name.partition(".")[0] in mentioned or name in declared]

    def _note_unknown_names(self, names: Iterable[str]) -> None:
        """Tells of names that the user declared and that mean nothing: a typing error would go unnoticed."""
        known = {name.removesuffix(".__enter__").removesuffix(".__iter__") for name in names}
        declared = {name.removesuffix(".__enter__").removesuffix(".__iter__") for name in self._knowledge.declared}
        declared |= self._knowledge.declared_names
        for name in sorted(declared - known):
            message = f"{name} is nothing of the project that is used, nor of a library that is installed"
            self._problems.append(Problem("[tool.awaitify]", None, message))

    def _note_syntax_problems(self, report: Report, texts: Mapping[str, Text]) -> set[str]:
        names = set()
        for problem in report.syntax_problems():
            if problem.path in texts:
                name = texts[problem.path].name
                names.add(name)
                message = f"syntax error: {problem.message}; the file is left as it is"
                self._note(name, problem.line, message)
        return names

    def _unread(self, broken: set[str]) -> dict[str, bytes]:
        return {
            name: source.content for name, source in self._sources.items() if name in broken or name not in self._texts
        }

    def _rewrite_all(self, plan: Plan, facts: _Facts) -> tuple[list[FileChange], list[Problem]]:
        """The changed files, and those whose change does not hold."""
        functions = {function.name: function for function in facts.graph.functions}
        changes: list[FileChange] = []
        failures: list[Problem] = []
        expectations = _Expectations(plan)
        for path, edits in edits_by_file(plan, functions, self._takes_from).items():
            if edits.is_nothing:
                continue
            result = self._rewrite_one(path, edits, expectations)
            if isinstance(result, Problem):
                failures.append(result)
            else:
                changes.append(result)
        return changes, failures

    def _rewrite_one(self, path: str, edits: ModuleEdits, expectations: _Expectations) -> FileChange | Problem:
        tree = parse(path, self._texts[path].lines.text)
        if isinstance(tree, Problem):
            return tree
        try:
            after = rewrite(tree, edits, CLIENTS[self._config.client])
        except (cst.CSTValidationError, LookupError) as error:
            return Problem(path, None, f"its rewrite failed ({error}); it is left out, with all that depends on it")
        failure = verification.verify(tree, after, expectations.of(path, tree))
        if failure is not None:
            message = f"{failure.message}; it is left out, with all that depends on it"
            return Problem(path, failure.line, message)
        return FileChange(self._sources[path], self._encode(path, after), self._encodings[path])

    def _takes_from(self, path: str, name: str) -> bool:
        """Whether another file names something of the module in a file: imports it, or says `module.name`."""
        place = self._sources[path].path
        module = re.escape(place.parent.name if place.stem == "__init__" else place.stem)
        word = re.escape(name)
        taken = re.compile(
            rf"\b{module}\s*\.\s*{word}\b|\bfrom\s+[\w.]*\b{module}\s+import\s+(?:\([^)]*|[^\n]*)\b{word}\b"
            rf"|\bfrom\s+\.+\s*import\s+(?:\([^)]*|[^\n]*)\b{word}\b|\bfrom\s+[\w.]*\b{module}\s+import\s+\*"
        )
        return any(other != path and taken.search(text.lines.text) for other, text in self._texts.items())

    def _encode(self, path: str, text: str) -> bytes:
        encoding = self._encodings[path].removesuffix("-sig")
        mark = b"\xef\xbb\xbf" if self._texts[path].has_bom else b""
        return mark + text.encode(encoding)


def _is_named(decision: Decision) -> bool:
    """Whether what a call gives has a name by which it is consumed, so that the call itself stays as it is."""
    return isinstance(decision.native, Consumed) and decision.native.is_named


class _Expectations:
    """What the certificate may find unawaited, file by file."""

    def __init__(self, plan: Plan) -> None:
        self._names = {*map(last_name, plan.promoted), *plan.split.values()}
        self._changed = {
            (decision.finding.path, decision.span)
            for decisions in plan.decisions.values()
            for decision in decisions
            if decision.finding.action is not Action.LEFT and not _is_named(decision)
        }

        self._awaited = {
            (decision.finding.path, decision.span)
            for decisions in plan.decisions.values()
            for decision in decisions
            if decision.finding.rule == PROMOTED_CALL.id and decision.finding.action is not Action.LEFT
        }

    def of(self, path: str, before: Tree) -> verification.Expectation:
        """The calls of these names in the file as it was that the plan does not change, counted by name."""
        counts: dict[str, int] = {}
        imports = ImportedNames(before)
        named = [(call, verification.called_name(call)) for call in before.all(cst.Call)]
        # calls of what is used as a value have other names than the functions that they run
        awaited = {name for call, name in named if (path, before.span(call)) in self._awaited} - {""}
        names = self._names | awaited
        for call, name in named:
            if name not in names or imports.resolve(call.func) == "asyncio.run":
                continue
            if (path, before.span(call)) in self._changed:
                continue
            if not verification.is_taken(before.path(call), imports):
                counts[name] = counts.get(name, 0) + 1
        return verification.Expectation(names, counts)


def _unusable_name(path: Path) -> str | None:
    """Why the type checker cannot be given a path."""
    name = str(path)
    if re.search(r"[\[\]*?]", name):
        return "its path holds one of []*?, which the type checker takes for a pattern; rename it to have it migrated"
    if name.encode(errors="replace").decode() != name:
        return "its name is not UTF-8; rename it to have it migrated"
    return None


def _without(facts: PlanningFacts, broken: Mapping[str, Problem]) -> PlanningFacts:
    """The facts with everything in some files fixed as it is, so that a new plan leaves them out."""
    functions = {
        name: replace(function, lock=f"the change of {function.path} would not hold")
        if function.path in broken and not function.is_async
        else function
        for name, function in facts.functions.items()
    }
    sites = tuple(
        replace(
            site,
            place=replace(site.place, position=Position.BLOCKED, blocker="in a file whose change would not hold"),
        )
        if site.path in broken
        else site
        for site in facts.sites
    )
    why = "the change of a file that names it would not hold"
    twins = tuple(
        replace(one, refusal=one.refusal or why) if any(name.path in broken for name in one.names) else one
        for one in facts.twins
    )
    return replace(
        facts,
        functions=functions,
        sites=sites,
        twins=twins,
        received=tuple(one for one in facts.received if one.path not in broken),
        blocking=tuple(replace(one, is_ignored=one.is_ignored or one.path in broken) for one in facts.blocking),
        unawaited=tuple(replace(one, is_ignored=one.is_ignored or one.path in broken) for one in facts.unawaited),
        nested=tuple(replace(one, is_ignored=one.is_ignored or one.path in broken) for one in facts.nested),
        untraceable={**facts.untraceable, **_unchangeable(facts, broken)},
    )


def _unchangeable(facts: PlanningFacts, broken: Mapping[str, Problem]) -> Mapping[str, str]:
    """By library, a file that cannot name other exceptions where it catches those of it, or tells them from others."""
    places = (*(one.place for one in facts.sites), *(one.place for one in facts.blocking))
    named = {(one.library, one.path) for place in places for one in place.guards.met if one.is_rewritten}
    named |= {(one.library, one.path) for one in facts.told}
    return {
        library: f"the change of {path}, which names exceptions of {library}, would not hold"
        for library, path in sorted(named)
        if path in broken
    }


def _probe_source(names: Sequence[str], classes: Sequence[str]) -> str:
    """A module that names every name, one a line, then every class, and imports what they need behind them."""
    modules = sorted({module for name in (*names, *classes) if (module := _module_of(name))})
    return "\n".join([*names, *map(asked_for_class, classes), *(f"import {module}" for module in modules), ""])


def _module_of(name: str) -> str:
    """The module part of a qualified name: what stands before its class, else before its last part."""
    parts = name.split(".")[:-1]
    for index, part in enumerate(parts):
        if part[:1].isupper():
            parts = parts[:index]
            break
    return ".".join(parts)


def _problem_order(problem: Problem) -> tuple[str, int]:
    return problem.path, problem.line or 0


def _finding_order(finding: Finding) -> tuple[str, int, int, str]:
    return finding.path, finding.line, finding.column, finding.rule
