import { join } from 'node:path';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { hintForTerminal } from '../../core/caller/facts/step-texts.ts';
import { makeAsk } from '../../core/faces/terminal/ask.ts';
import type { Cli, Menus } from '../../core/faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../core/faces/terminal/cli-errors.ts';
import { hanging } from '../../core/faces/terminal/columns.ts';
import { Output } from '../../core/faces/terminal/output.ts';
import { wantsColour } from '../../core/faces/terminal/style.ts';
import type { ScreenEvent, WholeScreen } from '../../core/faces/terminal/whole-screen.ts';
import { shellWord } from '../../core/kernel/shell-quoted.ts';

/** This process, as `main.ts` has found it. */
export interface Started extends Pick<Cli, 'env' | 'home' | 'programsDir' | 'interrupted' | 'leaveWith'> {
  argv: readonly string[];
  /** Ends the process after its terminal was closed. */
  terminalGone(): void;
}

/** A program that can run the command line. */
export interface OpenProgram {
  output: Output;
  run(): Promise<void>;
}

/** What only some programs have. */
type Further = Pick<Cli, 'useSupervisorParts'> & {
  openScreen?(output: Output, listener: (event: ScreenEvent) => void): WholeScreen;
};

/** The environment of the commands in this process. */
export function newCli(started: Started, { useSupervisorParts, openScreen }: Further): Cli {
  const { argv, env, home, programsDir, interrupted, leaveWith } = started;
  const { stdin, stdout, stderr } = process;
  const options = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const isTerminal = stdout.isTTY === true;
  const asked = !options.includes('--no-color');
  const colourful = wantsColour({ isTerminal, asked, env });
  const json = options.includes('--json');
  const output = new Output({
    stdout,
    stderr,
    colourful,
    json,
    formatHint: hintForTerminal,
    wrap: hanging,
  });
  const isInteractive = isTerminal && stdin.isTTY === true && !json;
  const isDumb = env.TERM === 'dumb';
  let menus: Promise<Menus> | undefined;
  let context: Promise<ActionContext> | undefined;
  const cli: Cli = {
    output,
    get cwd() {
      try {
        return process.cwd();
      } catch (cause) {
        throw CLI_ERRORS.working_folder_gone(undefined, { cause });
      }
    },
    env,
    home,
    calledAs: process.argv[1]?.endsWith('.js') ? `node ${shellWord(process.argv[1])}` : 'samocode',
    programsDir,
    isInteractive,
    noPager: options.includes('--no-pager'),
    interrupted,
    ask: makeAsk(stdin, stdout, interrupted),
    menus: isDumb ? undefined : () => (menus ??= loadMenus(colourful, interrupted)),
    screen: isInteractive && !isDumb && openScreen ? (listener) => openScreen(output, listener) : undefined,
    useSupervisorParts,
    actionContext: () => (context ??= makeContext(cli, argv)),
    leaveWith,
  };
  return cli;
}

async function loadMenus(colourful: boolean, interrupted: AbortSignal): Promise<Menus> {
  const { newMenus } = await import('../../core/faces/terminal/menus.ts');
  const { stdin, stdout } = process;
  return newMenus({ stdin, stdout, colourful, interrupted });
}

/** Created on first use, so that `--help` does not inspect the machine. */
async function makeContext(cli: Cli, argv: readonly string[]): Promise<ActionContext> {
  const [{ systemClock }, { systemHost }, { whoTypes }, { elsewhereBy }] = await Promise.all([
    import('../../core/kernel/clock.ts'),
    import('../../core/kernel/processes/host.ts'),
    import('../../core/faces/terminal/who-types.ts'),
    import('../../core/faces/terminal/elsewhere.ts'),
  ]);
  const { env, home, cwd, programsDir } = cli;
  const { stdin, stdout, stderr } = process;
  // Check both streams: a program that captures our output may leave its terminal as our stdin.
  const hasTerminal = stdin.isTTY === true && (stdout.isTTY === true || stderr.isTTY === true);
  const host = await systemHost();
  const by = await whoTypes({ env, host, hasTerminal });
  const programs = {
    worker: join(programsDir, 'worker.cjs'),
    rehearsal: join(programsDir, 'samocode-rehearsal.cjs'),
  };
  return { clock: systemClock, host, env, home, cwd, by, programs, elsewhere: elsewhereBy(cli, argv) };
}
