"""What a person does in LibreOffice, done through its own programming interface.

Runs on the system's Python, which has LibreOffice's `uno`. What is typed is read as the keyboard's
input is, by the cell's format and language, and a locked cell refuses it.
"""

import json
import sys
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException


def prop(name, value):
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def connected(listening):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    until = time.monotonic() + 90
    while True:
        try:
            return resolver.resolve(f"uno:{listening}StarOffice.ComponentContext")
        except NoConnectException:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def main(listening, path, acts):
    context = connected(listening)
    services = context.ServiceManager
    desktop = services.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    book = desktop.loadComponentFromURL(
        uno.systemPathToFileUrl(path), "_blank", 0, (prop("Hidden", True),)
    )

    def cell(sheet, place):
        return book.Sheets.getByName(sheet).getCellRangeByName(place)

    def typed(sheet, place, text):
        cell(sheet, place).FormulaLocal = text
        return " ".join(cell(sheet, place).String.split())

    def listed(sheet, place):
        """The list that a cell's check offers, through the name that it points at."""
        check = cell(sheet, place).Validation
        assert check.Type.value == "LIST", check.Type.value
        area = book.NamedRanges.getByName(check.getFormula1()).getReferredCells()
        return [row[0] for row in area.getDataArray()]

    def saved():
        book.storeToURL(
            uno.systemPathToFileUrl(path), (prop("FilterName", "Calc MS Excel 2007 XML"),)
        )
        return "saved"

    known = {
        "type": typed,
        "list": listed,
        "check": lambda sheet, place: cell(sheet, place).Validation.Type.value,
        "protected": lambda sheet: book.Sheets.getByName(sheet).isProtected(),
        "save": saved,
    }
    told = [known[name](*given) for name, *given in acts]
    book.close(True)
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))))
