"""What is said of files that become datasets."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from optimizer.sentences.catalogue import add

add(
    {
        "table.unreadable": _("{path} cannot be read: {why}."),
        "table.empty": _("The file is empty. Choose one with column names and rows."),
        "table.too_large": _(
            "The file has {size:.0f} MB; up to {most} MB are taken. Take a part of it: a few "
            "hundred rows are enough to optimize."
        ),
        "table.not_text": _(
            "This is neither a text nor a workbook. Choose a CSV, TSV, JSONL, JSON, XLSX, XLS, ODS "
            "or Parquet file."
        ),
        "table.protected": _(
            "The file is protected by a password. Take the protection away and choose it again."
        ),
        "table.broken": _(
            "The file is damaged, or not what it begins as. Save it again, or as CSV UTF-8."
        ),
        "table.document": _(
            "This is a document, not a table. Save its table as CSV or XLSX and choose that file."
        ),
        "table.database": _("This is a database, not a table. Export the table as CSV or JSONL."),
        "table.arrow": _("This is an Arrow file. Save it as Parquet, CSV or JSONL."),
        "table.other_packing": _(
            "This is packed in a way that is not opened here. Unpack it first, or take ZIP or gzip."
        ),
        "table.packed_again": _("The archive holds archives. Unpack it and choose the file."),
        "table.nothing_inside": _("The archive has no file in it. Choose one with a table."),
        "table.unpacks_large": _(
            "Unpacked, the file has more than {most} MB. Take a part of it: a few hundred rows are "
            "enough to optimize."
        ),
        "table.no_such_sheet": _("There is no “{name}” in the file. It has: {names}."),
        "table.empty_sheet": _("The sheet “{name}” is empty. Choose another one."),
        "table.no_sheets": _("The file is one table: it has no sheets to choose from."),
        "table.other_columns": _(
            "The files have other columns: “{name}” has {more} besides, and lacks {less}. Give "
            "them the same names, or choose one file."
        ),
        "table.no_such_delimiter": _(
            "“{name}” cannot be a delimiter: one character is needed, or “tab”, but no letter, "
            "digit or quotation mark."
        ),
        "table.pdf": _("This is a PDF, not a text file. Export its table as CSV or JSONL."),
        "table.pickle": _(
            "This is a Python pickle, which is never opened here, not a text file. Export it as "
            "CSV or JSONL."
        ),
        "table.no_such_encoding": _("“{name}” is not an encoding that can be chosen here."),
        "table.other_encoding": _("The file is not {encoding}. Choose another encoding."),
        "yaml.broken": _("this is not YAML: {why}."),
        "yaml.unreadable": _(
            "This is not YAML as it is read here: one document of texts, numbers, lists, objects."
        ),
        "yaml.too_large": _("This YAML is larger than is read here, or nested deeper."),
        "table.tests_elsewhere": _("Its tests are in another file: choose {file} itself."),
        "table.tests_of_code": _(
            "Its tests come from {file}, which is no file of rows: write them into one, and choose "
            "that."
        ),
        "table.no_variables": _("{file} is to hold variables by their names, and does not."),
        "table.no_such_reference": _(
            "It names {file}, which is not in the archive: put it in, where it says, or choose the "
            "file with the tests itself."
        ),
        "table.no_json_start": _("The file is not JSON: it begins neither with {{ nor with [."),
        "table.not_json": _("The file {why}."),
        "table.no_json_rows": _(
            "The JSON has no rows: a list of objects like [{{…}}, {{…}}] is needed."
        ),
        "table.json_lists": _("The JSON has {n} lists of objects. Keep the one that is meant."),
        "table.no_object_lines": _("No line of the file is a JSON object. {first}"),
        "table.no_columns": _("The objects of the file are all empty: there are no columns."),
        "table.no_rows": _("The file has column names but no rows. Add rows and choose it again."),
        "table.no_usable_row": _("No row of the file can be used. {first}"),
        "table.many_columns": _(
            "The file has more columns than a dataset takes: up to {most}. Keep the ones that you "
            "need."
        ),
        "table.many_rows": _("The file has more than {most:,} rows. Take a part of it."),
        "table.many_cells": _(
            "The file has more than {most:,} cells, {columns} in a row. Take a part of it, or only "
            "the columns that you need."
        ),
        "table.column_name": _(
            "The name of column {number} {why}. Does the first row have the column names?"
        ),
        "table.slow": _("Reading the file took more than {seconds} seconds. Take a part."),
        "table.much": _("Reading the file takes too much memory or time. Take a part of it."),
        "table.memory": _("Reading the file takes too much memory. Take a part of it."),
        "table.long_rows": _("The rows of the file take more than {most} MB. Take a part of it."),
        "table.no_column_for": _(
            "The dataset has no “{name}”, which the program takes as input; its columns are "
            "{columns}."
        ),
        "table.no_examples": _(
            "No row can be used. At least 2 are needed: one to learn from, one to score on."
        ),
        "table.one_row": _(
            "Only one row can be used. At least 2 are needed: one to learn from, one to score on."
        ),
        "table.unusable": ngettext_lazy(
            "{n} row cannot be used. Correct the file, or skip such rows.",
            "{n} rows cannot be used. Correct the file, or skip such rows.",
            "n",
        ),
        "table.none_passes": _("No row is let in. Choose another value of the filter."),
        "table.empty_split": _(
            "The {split} split would be empty. Give it a larger share, or add rows."
        ),
        "table.name_taken": _(
            "There is a dataset “{name}” in this project already. Take another name."
        ),
        "table.known_file": _(
            "“{name}” was made of this very file. Open that one; or say that you want it again, "
            "and choose the file once more."
        ),
        "table.in_use": _("{users} used this dataset, so it stays: results must be explained."),
        "row.of_line": _("Line {n} {why}."),
        "row.column_of_line": _("Line {n}, column “{column}”, {why}."),
        "row.of_row": _("Row {n} {why}."),
        "row.column_of_row": _("Row {n}, column “{column}”, {why}."),
        "row.few_cells": ngettext_lazy(
            "has one cell instead of {width}", "has {n} cells instead of {width}", "n"
        ),
        "row.many_cells": ngettext_lazy(
            "has one cell instead of {width}; a text with a comma needs quotes",
            "has {n} cells instead of {width}; a text with a comma needs quotes",
            "n",
        ),
        "row.never_closed": _("has a quotation mark that is never closed"),
        "row.may_open": _("has a quotation mark that may open a text of several lines, or not"),
        "row.not_json": _("is not JSON: {why} (line {line}, character {at})"),
        "row.no_list": _("is not a list of cells, as the first one is"),
        "row.name_twice": _("has the name “{name}” twice"),
        "row.no_object": _("is not an object {{…}}"),
        "row.deep": _("is nested too deeply"),
        "row.digits": _("has a whole number of thousands of digits"),
        "row.constant": _("has {name}, which is not a JSON number"),
        "row.too_large_number": _("has a number that is too large"),
        "row.null_byte": _("has a null byte, which a text cannot have"),
        "row.long_cell": _("has a cell of {n:,} characters; up to {most:,} are taken"),
        "row.half_character": _("has half a character (a lone surrogate), which cannot be stored"),
        "row.broken_byte": _("has a byte that is no character"),
        "row.no_expected": _("has no expected value"),
        "rows.no_columns": _(
            "Name the columns as the dataset does: {names}. These are called {columns}."
        ),
        "row.no_such_field": _("is no field of this dataset"),
        "row.in_other_split": _(
            "has the inputs of row {key}, which is in the {split} split. Put it there, or change it"
        ),
        "row.changed_meanwhile": _(
            "Somebody changed this row meanwhile. Look at it as it is now, and save again."
        ),
        "table.last_of_split": _("No row would be left in the {split} split. Add one there first."),
        "row.no_input": _("has no input"),
        "row.no_split": _("names no split"),
        "row.value": _("{why}"),
        "note.export": _("Read as an export of {name}."),
        "note.export_lost": _("Not carried over: {parts}."),
        "note.no_names": _(
            "Line {line} is read as the column names, but looks like a row. If it is one, say that "
            "the first row has no names."
        ),
        "note.joined_files": _(
            "Read one after another, counted through, with the split that each file names as "
            "column “{column}”: {files}."
        ),
        "note.sheets": _("This is “{name}”. There are others to choose: {others}."),
        "note.bytes": _("Left empty what holds bytes and no text: {columns}."),
        "note.guess": _("The characters are read as {encoding}, which is a guess."),
        "note.titles": _("Left out title lines: the column names are in line {line}."),
        "note.unnamed": _("Column {number} has no name in the file; here it is “{name}”."),
        "note.twice": _("There is more than one column “{given}”; column {number} is “{name}”."),
        "note.empty_rows": _("Left out empty rows: {n}."),
        "note.short": ngettext_lazy(
            "The last cell of a row is missing and read as empty: line {lines}.",
            "The last cells of {n} rows are missing and read as empty: lines {lines}.",
            "n",
        ),
        "note.literal": ngettext_lazy(
            "A quotation mark is read as a part of its text: line {lines}.",
            "Quotation marks are read as a part of {n} texts: lines {lines}.",
            "n",
        ),
        "note.joined": ngettext_lazy(
            "Quotation marks join lines to one text: line {lines}.",
            "Quotation marks join lines to {n} texts: lines {lines}.",
            "n",
        ),
        "note.no_validation": _(
            "“{column}” names no validation rows: half of the train rows became validation."
        ),
        "use.field_taken": _("Column “{other}” is “{field}” already: choose another name."),
        "use.no_input": _("Mark at least one column as input: what goes in."),
        "use.no_expected": _("Mark at least one column as expected: the right answer."),
        "use.no_object": _("Not every cell is a JSON object: take text."),
        "use.no_choice": _("A choice needs 2 to {most} different short values: take text."),
        "use.no_such_column": _("There is no such column in the file."),
    }
)
