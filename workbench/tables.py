"""The column contract of every table that a metric may read: names, kinds, keys, units.

The dataset delivers these frames, tests build them from literals, presets map sources onto them.
Frames are "as of" the dataset's date: what changes with time stands there as it was on that date;
its history stands in the `*_periods` tables, half-open `[valid_from, valid_to)`, `valid_to` null
while it lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from workbench.errors import UnknownName


class Kind(StrEnum):
    """What a column holds; `ARROW` says how it travels."""

    ID = "id"
    COUNT = "count"
    TEXT = "text"
    FLAG = "flag"
    DATE = "date"
    MOMENT = "moment"
    MONEY = "money"
    RATIO = "ratio"
    NUMBER = "number"


ARROW: dict[Kind, pa.DataType] = {
    Kind.ID: pa.int64(),
    Kind.COUNT: pa.int64(),
    Kind.TEXT: pa.string(),
    Kind.FLAG: pa.bool_(),
    Kind.DATE: pa.timestamp("us"),
    Kind.MOMENT: pa.timestamp("us"),
    Kind.MONEY: pa.float64(),
    Kind.RATIO: pa.float64(),
    Kind.NUMBER: pa.float64(),
}


@dataclass(frozen=True)
class Column:
    """One column: its kind, and what it means where the name doesn't say."""

    name: str
    kind: Kind
    meaning: str = ""


@dataclass(frozen=True)
class Table:
    """One table: what a row is, and its columns."""

    name: str
    row: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The columns' names, in order."""
        return [column.name for column in self.columns]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema in which the table travels."""
        return pa.schema([(column.name, ARROW[column.kind]) for column in self.columns])


def _table(name: str, row: str, /, **columns: str) -> Table:
    """Read `name="kind: meaning"` pairs into a table."""
    parsed = []
    for column, text in columns.items():
        kind, _, meaning = text.partition(":")
        parsed.append(Column(column, Kind(kind), meaning.strip()))
    return Table(name, row, tuple(parsed))


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table(
            "accounts",
            "a company, as of the date",
            id="id",
            code="text: its number in the source",
            name="text",
            siren="text",
            siret="text",
            customer_code="text: its number in the ledger",
            status="text: vocabulary.Status as of the date",
            entered_on="date: when it entered the file",
            segment="text",
            sector="text",
            city="text",
            postcode="text",
            country="text",
            employees="count",
            parent_id="id: account, as of the date",
            owner_id="id: rep, as of the date",
            owner="text: the rep's name",
            team_id="id: the owner's manager, as of the date",
            team="text: the manager's name",
            need="text: vocabulary.Need",
            budget="money: what they may spend in a year",
            timeline="text: vocabulary.Timeline",
            supplier="text: who serves them now",
            decider_known="flag",
            next_step="text",
            next_step_on="date",
            qualified_on="date",
            anonymised_on="date: since when it is nobody in particular",
            version="count: raised by each accepted change",
        ),
        _table(
            "contacts",
            "a person",
            id="id",
            code="text",
            account_id="id",
            first_name="text",
            last_name="text",
            job="text",
            decision_role="text: vocabulary.DecisionRole",
            email="text",
            phone="text",
            anonymised_on="date: since when they are nobody in particular",
            version="count",
        ),
        _table(
            "consents",
            "what a contact agreed to on a channel, or took back; the latest of a channel holds",
            id="id",
            code="text",
            contact_id="id",
            account_id="id: the contact's",
            channel="text: vocabulary.Channel",
            state="text: vocabulary.ConsentState",
            date="date: since when",
            proof="text: where it is written",
            noted_by="text",
            version="count",
        ),
        _table(
            "retention_warnings",
            "a contact who is to be anonymised for having been silent too long",
            contact_id="id",
            warned_on="date",
            last_contact="date: upon which it was given; a later contact lifts it",
            until="date: end of the grace period",
        ),
        _table(
            "contact_entries",
            "since when the store has a contact",
            contact_id="id",
            recorded_at="moment: when the journal first had them",
        ),
        _table(
            "bank_details",
            "an account's bank details, for those named to see them",
            account_id="id",
            iban="text",
        ),
        _table(
            "confidential_notes",
            "a note on an account or an activity that only some may see",
            entity="text: account or activity",
            record_id="id",
            account_id="id",
            note="text",
            author="text: who wrote it here; null where a source brought it",
        ),
        _table(
            "reps",
            "a rep, manager or director",
            id="id",
            code="text",
            name="text",
            kind="text: vocabulary.RepKind",
            manager_id="id: rep, as of the date",
            entered_on="date",
            left_on="date",
        ),
        _table(
            "stages",
            "a stage of a pipeline",
            id="id",
            pipeline="text: its code, e.g. spanco",
            code="text",
            label="text: on screen",
            position="count: order within the pipeline",
            kind="text: vocabulary.StageKind",
            grain="text: account or deal, what it describes",
            probability="ratio: that a deal here is won",
            stalled_days="count: after so many days here a deal is stalled",
        ),
        _table(
            "opportunities",
            "a possible sale, as of the date",
            id="id",
            code="text",
            name="text",
            account_id="id: null where the source names none",
            contact_id="id",
            pipeline="text: code of the pipeline",
            stage_id="id: as of the date",
            stage_since="date: since when it stands there; null when unknown, as where it was "
            "entered won or lost",
            amount="money: as of the date, without tax",
            probability="ratio: the deal's own; null where it has none (then its stage's holds)",
            close_date="date: expected while open, actual once won or lost",
            created_on="date: null when unknown",
            loss_reason="text: vocabulary.LossReason",
            product="text",
            owner_id="id: rep, as of the date",
            owner="text",
            team_id="id: the owner's manager, as of the date",
            team="text",
            segment="text: its account's",
            version="count",
        ),
        _table(
            "projects",
            "a signed opportunity run over months, begun by the date",
            id="id",
            code="text",
            name="text",
            account_id="id",
            opportunity_id="id: the deal that opened it",
            starts_on="date: null when unknown",
            ends_on="date: expected",
            amount="money: as signed, without tax",
        ),
        _table(
            "documents",
            "a quote, order, delivery, invoice or credit note, dated up to the date",
            id="id",
            code="text",
            kind="text: vocabulary.DocumentKind",
            state="text: vocabulary.QuoteState, quotes only",
            account_id="id",
            opportunity_id="id",
            date="date",
            due_date="date",
            amount="money: without tax; negative on credit notes",
            amount_with_tax="money",
        ),
        _table(
            "document_lines",
            "a line of a document",
            id="id",
            document_id="id",
            position="count",
            product="text",
            family="text",
            quantity="number",
            unit_price="money",
            amount="money",
        ),
        _table(
            "ledger_entries",
            "a line of the FEC, dated up to the date",
            id="id",
            journal="text: JournalCode",
            entry="text: number of the entry, rebuilt where the file's own doesn't hold",
            date="date: EcritureDate",
            book="text: the fiscal year that it is of: its company where known, and first month",
            opening="flag: of a year's opening entry, which repeats what the year before left",
            account_number="text: CompteNum",
            label="text: EcritureLib",
            piece="text: PieceRef",
            piece_date="date",
            debit="money",
            credit="money",
            letter="text: EcritureLet",
            letter_date="date: DateLet",
            customer_id="id: ledger_customers; on 411x lines their own, on 70x lines that of "
            "the entry's one 411 customer, null where it has none or several",
        ),
        _table(
            "ledger_customers",
            "a customer of the ledger, tied to an account by customer code",
            id="id",
            code="text: CompAuxNum",
            name="text: CompAuxLib",
            account_id="id: null while unmatched",
        ),
        _table(
            "contracts",
            "a contract, ours or a competitor's",
            id="id",
            code="text",
            account_id="id",
            kind="text: vocabulary.ContractKind",
            competitor="text",
            subject="text",
            begins_on="date",
            ends_on="date",
            yearly_amount="money",
        ),
        _table(
            "activities",
            "something that a rep did, dated up to the date",
            id="id",
            code="text",
            account_id="id",
            contact_id="id",
            opportunity_id="id",
            rep_id="id: who did it",
            kind="text: vocabulary.ActivityKind",
            date="date",
            two_way="flag: the other side took part",
            minutes="count",
            subject="text",
        ),
        _table(
            "status_periods",
            "an account's status over a period",
            account_id="id",
            status="text",
            valid_from="date",
            valid_to="date",
        ),
        _table(
            "deal_periods",
            "a deal's state over a period; of no length where it was passed within a day",
            opportunity_id="id",
            sequence="count: order within the deal, from 0",
            stage_id="id",
            amount="money",
            close_date="date",
            probability="ratio",
            owner_id="id",
            valid_from="date",
            valid_to="date",
        ),
        _table(
            "owner_periods",
            "an account's rep over a period",
            account_id="id",
            rep_id="id",
            valid_from="date",
            valid_to="date",
        ),
        _table(
            "team_periods",
            "a rep's manager over a period",
            rep_id="id",
            manager_id="id",
            valid_from="date",
            valid_to="date",
        ),
        _table(
            "parent_periods",
            "an account's parent company over a period",
            account_id="id",
            parent_id="id",
            valid_from="date",
            valid_to="date",
        ),
        _table(
            "changes",
            "a change in the journal",
            id="id",
            batch="text",
            recorded_at="moment: UTC",
            effective="date",
            entity="text: table of the store",
            record_id="id",
            op="text: create, set or delete",
            field="text",
            old="text: JSON",
            new="text: JSON",
            user="text",
            surface="text: vocabulary.Surface",
            reason="text",
            undoes="id: the change that this one undoes",
        ),
        _table(
            "loads",
            "a load of source files",
            id="id",
            source="text",
            started_at="moment: UTC",
            user="text",
            files="text: JSON, name and SHA-256 of each",
            report="text: JSON, counts and control totals per table",
            data_date="date: latest date in the files",
        ),
        _table(
            "rejected_rows",
            "a row of a source that didn't fit at the newest load of its table, kept",
            id="id",
            load_id="id",
            file="text",
            line="count: in the file, from 1",
            table="text: where it was meant to go",
            reason="text",
            raw="text: JSON, the row as it was read",
            form="text: JSON, how its file is written",
        ),
    )
}


def table(name: str) -> Table:
    """The contract of the table of that name.

    >>> table("stages").names[:3]
    ['id', 'pipeline', 'code']

    Raises:
        UnknownName: no table is called so.
    """
    if name not in TABLES:
        raise UnknownName("table", name, TABLES)
    return TABLES[name]
