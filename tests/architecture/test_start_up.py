"""What a command does not need it does not load: somebody waits for every module, longest on small hosts."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from support.command_line import Directory

if TYPE_CHECKING:
    from pathlib import Path

LIST = """
import sys
from camera_gateway.cli.main import main
try:
    main(["--config", sys.argv[1], "--json", "institution", "list"])
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def test_a_list_loads_neither_office_files_nor_an_http_client_nor_a_store_that_is_not_used(tmp_path: Path) -> None:
    directory = Directory(tmp_path, here=True)
    done = subprocess.run(
        [sys.executable, "-c", LIST, str(directory.config)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]", done
    loaded = set(done.stderr.split())
    assert "camera_gateway" in loaded
    assert loaded & {"openpyxl", "numpy", "onveef", "httpx", "boto3", "botocore"} == set()
