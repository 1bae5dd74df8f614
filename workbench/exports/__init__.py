"""What leaves the workbench as files: workbooks, CSV, reports made of notebooks."""
