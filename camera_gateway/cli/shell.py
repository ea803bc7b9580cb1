"""What every command shares: --config, --json and --token-file, errors in one line, exit codes.

The three options stand before or after the verb. A token is read from its file for one command and kept nowhere.
"""

from __future__ import annotations

import functools
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from camera_gateway.cli.calling import call
from camera_gateway.cli.output import Output
from camera_gateway.clock import SystemClock
from camera_gateway.errors import GatewayError, InvalidInput
from camera_gateway.logs import set_up_logs
from camera_gateway.roles.loading import Loaded, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable


ROLES = frozenset({"run", "serve", "record"})
"""What runs for ever tells its log the whole story; a command says one line."""
TRACEBACK = "CAMERA_GATEWAY_TRACEBACK"
"""Set in the environment: a defect shows all of its trace, which may hold what somebody has typed."""


@dataclass(slots=True)
class Shell:
    """One invocation: where its settings come from, who asks, and where its answer goes."""

    config: Path | None
    out: Output
    clock: SystemClock
    token_file: Path | None = None
    _loaded: Loaded | None = None

    @property
    def loaded(self) -> Loaded:
        """Return the settings, read at the first use."""
        if self._loaded is None:
            self._loaded = load_settings(self.config)
        return self._loaded

    def call(self, verb: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """Perform a verb and return its result."""
        return call(self.loaded, verb, arguments, None if self.token_file is None else read_token(self.token_file))


def read_token(file: Path) -> str:
    """Return the token in a file, without blanks around it; `InvalidInput` that does not repeat what it holds."""
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"token file {file}: {type(error).__name__}", hint="give a readable file with one token in it"
        ) from None
    if not token or len(token.split()) > 1:
        raise InvalidInput(f"token file {file} does not hold one token", hint="give the file that token create wrote")
    return token


def defect_of(error: Exception) -> GatewayError:
    """Return the one line about something that nobody expected: where it was, and not what its text repeats (S4)."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return GatewayError(
        f"a defect of this software ({type(error).__name__}{where})",
        hint=f"please report it; {TRACEBACK}=1 shows the whole trace",
        code="defect",
    )


def command(group: click.Group, name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Add a command to `group`: its function gets a `Shell` first; `GatewayError` becomes an exit code."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def run(
            *args: Any,  # noqa: ANN401 - whatever the command takes
            config: Path | None,
            as_json: bool,
            token_file: Path | None,
            **kwargs: Any,  # noqa: ANN401 - likewise
        ) -> None:
            context = click.get_current_context()
            outer = context.find_root().params
            out = Output(as_json=as_json or bool(outer.get("as_json")))
            set_up_logs(level=logging.ERROR)  # to standard error; a role sets up its own
            shell = Shell(config or outer.get("config"), out, SystemClock(), token_file or outer.get("token_file"))
            try:
                code = function(shell, *args, **kwargs)
            except GatewayError as error:
                out.error(error)
                context.exit(error.exit_code)
            except (click.exceptions.Exit, click.ClickException, click.Abort):
                raise
            except Exception as error:
                if name in ROLES or os.environ.get(TRACEBACK):
                    raise
                out.error(defect_of(error))
                context.exit(1)
            context.exit(code or 0)

        run.__click_params__ = [  # type: ignore[attr-defined]
            *getattr(function, "__click_params__", []),
            *reversed(common_options()),
        ]
        made = click.command(name)(run)
        group.add_command(made)
        return made

    return decorate


def common_options() -> list[click.Option]:
    """Return the options that every command has."""
    return [
        click.Option(["--config"], type=click.Path(dir_okay=False, path_type=Path), help="The gateway.toml to use."),
        click.Option(["as_json", "--json"], is_flag=True, help="Print one JSON document on standard output."),
        click.Option(
            ["--token-file"],
            type=click.Path(dir_okay=False, path_type=Path),
            help="Act as the user of the token in it.",
        ),
    ]


class OneLineErrors(click.Group):
    """A group whose usage errors are one line too, and honour --json."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ANN401 - click's own signature
        """Run; turn click's usage errors into ours."""
        kwargs["standalone_mode"] = False
        arguments = kwargs.get("args") or (args[0] if args else None)
        try:
            code = super().main(*args, **kwargs)
        except click.exceptions.NoArgsIsHelpError as error:
            if _wants_json(arguments):
                Output(as_json=True).error(InvalidInput("no command was given", hint="see camera-gateway --help"))
            else:
                click.echo(error.format_message())
            raise SystemExit(2) from None
        except click.ClickException as error:
            where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "camera-gateway"
            out = Output(as_json=_wants_json(arguments))
            out.error(InvalidInput(error.format_message(), hint=f"see {where} --help"))
            raise SystemExit(2) from None
        except click.Abort:
            raise SystemExit(130) from None
        raise SystemExit(code if isinstance(code, int) else 0)


def _wants_json(arguments: list[str] | None) -> bool:
    if arguments is None:
        import sys  # noqa: PLC0415 - only on this rare path

        arguments = sys.argv[1:]
    return "--json" in arguments
