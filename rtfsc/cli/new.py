"""`rtfsc new DIR`: a small project that runs at once.

In: the name of a folder that is not there yet, or is empty. Out: its files, and the commands to try.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from rtfsc.cli.arguments import Argument
from rtfsc.cli.outcome import CommandError

_MAIN = """\
;; Sort messages to a help desk. `topic` is delegated: delegation.toml says which model answers it.

(defn topic ^:delegation :local-model "desk"
  "Tell what the message is about: billing, bug or other."
  [message :string] :string
  "Classify the message.")

(defn urgent? [message :string] :bool
  (string-contains (string-lower message) "urgent"))

(defn route [message :string]
  {:queue (topic message) :first (urgent? message)})

(defn main [& messages]
  (mapv route (if (empty? messages) ["Urgent: charged twice" "The page is blank"] messages)))
"""

_POLICY = """\
# Which model answers which name. A provider `scripted` gives fixed answers: put a real one here later.
[models.desk]
provider = "scripted"
file = "answers.toml"
"""

_ANSWERS = """\
# Fixed answers of the model `desk`: the first pattern found in the prompt decides.
[[answers]]
match = "charged|invoice|refund"
text = "billing"

[[answers]]
match = "blank|crash|error"
text = "bug"

[[answers]]
match = ""
text = "other"
"""

_CALLER = """\
import rtfsc

rtfsc.install()

import main  # noqa: E402 - main.rtfs, compiled on import

print(main.route("Please send me the invoice again"))
"""

_TEST = """\
import rtfsc

rtfsc.install()

import main  # noqa: E402


def test_messages_go_to_their_queue():
    assert main.topic("I was charged twice") == "billing"
    assert main.topic("It crashed again") == "bug"


def test_urgent_messages_go_first():
    assert main.urgent("URGENT: help")
"""

FILES: Mapping[str, str] = MappingProxyType(
    {
        "main.rtfs": _MAIN,
        "delegation.toml": _POLICY,
        "answers.toml": _ANSWERS,
        "use_main.py": _CALLER,
        "test_main.py": _TEST,
    }
)


def command(folder: Annotated[Path, Argument(help="The folder to make.", metavar="DIR")]) -> None:
    """Make a small project: a plan with a delegated function, its answers, a test, a caller in Python."""
    create(folder)
    print(f"Made {folder} with {', '.join(FILES)}. Try:\n")
    print(f"  cd {folder}")
    print("  rtfsc run main.rtfs")
    print("  rtfsc run --trace main.rtfs 'My invoice is wrong'")
    print("  python use_main.py")
    print("  pytest")


def create(folder: Path) -> None:
    """Write the files. Raises: CommandError, when the folder holds something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(f"{folder} is there already and not an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
