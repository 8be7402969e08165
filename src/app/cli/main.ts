#!/usr/bin/env node
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { shellWord } from '../../core/kernel/shell-quoted.ts';
import { makeAsk } from '../../core/kit/terminal/ask.ts';
import type { Cli, Menus } from '../../core/kit/terminal/cli.ts';
import { EXIT } from '../../core/kit/terminal/cli.ts';
import { CLI_ERRORS } from '../../core/kit/terminal/cli-errors.ts';
import { hanging } from '../../core/kit/terminal/columns.ts';
import { hintForTerminal } from '../../core/kit/terminal/next-commands.ts';
import { Output } from '../../core/kit/terminal/output.ts';
import { wantsColour } from '../../core/kit/terminal/style.ts';
import { newWholeScreen, type ScreenEvent, type WholeScreen } from '../../core/kit/terminal/whole-screen.ts';
import { useActs } from '../extensions/acts.ts';
import { useForParents } from '../extensions/parents.ts';
import { useProviders } from '../extensions/providers.ts';
import { runProgram } from './program.ts';

useProviders();
useActs();
useForParents();
const argv = process.argv.slice(2);
const options = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
const isTerminal = process.stdout.isTTY === true;
const asked = !options.includes('--no-color');

const colourful = wantsColour({ isTerminal, asked, env: process.env });
const output = new Output({
  stdout: process.stdout,
  stderr: process.stderr,
  colourful,
  json: options.includes('--json'),
  formatHint: hintForTerminal,
  wrap: hanging,
});

// With `samocode list | head` the reader exits first, which is not a failure; EIO means a closed terminal.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  if (error.code === 'EIO') endBy('SIGHUP');
  throw error;
});
process.on('exit', () => output.endLive());

// By default these signals end the process without an 'exit' event, but the terminal must be restored first.
for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    // A command that listens for the signal shuts down by itself.
    if (process.listenerCount(signal) > 0) return;
    output.restoreTerminal();
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    endBy(signal);
  });
}

/** Not process.exit(): Node fails an assertion there when the terminal is gone. */
function endBy(signal: 'SIGTERM' | 'SIGHUP'): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

const interrupt = new AbortController();
process.on('SIGINT', () => {
  // A second Ctrl-C exits at once.
  if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
  interrupt.abort(new Error('interrupted'));
  setTimeout(() => process.exit(EXIT.interrupted), 10_000).unref();
});

const home = process.env.HOME || homedir();
// Check both streams: a program that captures our output may leave its terminal as our stdin.
const hasTerminal = process.stdin.isTTY === true && (isTerminal || process.stderr.isTTY === true);
let menus: Promise<Menus> | undefined;
async function loadMenus(): Promise<Menus> {
  const { newMenus } = await import('../../core/kit/terminal/menus.ts');
  const { stdin, stdout } = process;
  return newMenus({ stdin, stdout, colourful, interrupted: interrupt.signal });
}

function openTerminal(listener: (event: ScreenEvent) => void): WholeScreen {
  const { stdin, stdout } = process;
  return newWholeScreen({ stdin, stdout, output, process, gone: () => endBy('SIGHUP') }, listener);
}

const isInteractive = isTerminal && process.stdin.isTTY === true && !output.json;
const isDumb = process.env.TERM === 'dumb';
let context: Promise<ActionContext> | undefined;

/** Created on first use, so that `--help` does not inspect the machine. */
async function makeContext(): Promise<ActionContext> {
  const [{ systemClock }, { systemHost }, { whoTypes }, { elsewhereBy }] = await Promise.all([
    import('../../core/kernel/clock.ts'),
    import('../../core/kernel/processes/host.ts'),
    import('../../core/kit/terminal/who-types.ts'),
    import('../../core/kit/terminal/elsewhere.ts'),
  ]);
  const { env, cwd, programsDir } = cli;
  const host = await systemHost();
  const by = await whoTypes({ env, host, hasTerminal });
  const programs = {
    worker: join(programsDir, 'worker.cjs'),
    rehearsal: join(programsDir, 'samocode-rehearsal.cjs'),
  };
  return { clock: systemClock, host, env, home, cwd, by, programs, elsewhere: elsewhereBy(cli, argv) };
}

const cli: Cli = {
  output,
  get cwd() {
    try {
      return process.cwd();
    } catch (cause) {
      throw CLI_ERRORS.working_folder_gone(undefined, { cause });
    }
  },
  env: process.env,
  home,
  calledAs: process.argv[1]?.endsWith('.js') ? `node ${shellWord(process.argv[1])}` : 'samocode',
  programsDir: dirname(fileURLToPath(import.meta.url)),
  isInteractive,
  noPager: options.includes('--no-pager'),
  interrupted: interrupt.signal,
  ask: makeAsk(process.stdin, process.stdout, interrupt.signal),
  menus: isDumb ? undefined : () => (menus ??= loadMenus()),
  screen: isInteractive && !isDumb ? openTerminal : undefined,
  async useSupervisorParts() {
    (await import('../extensions/supervisor.ts')).useSupervisorParts();
  },
  actionContext: () => (context ??= makeContext()),
  leaveWith(code) {
    process.exitCode = code;
  },
};

await runProgram(cli, argv);
