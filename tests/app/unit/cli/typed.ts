import { PassThrough } from 'node:stream';
import { runWhole } from '../../../../src/app/cli/whole-program.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { hintForTerminal } from '../../../../src/core/caller/facts/step-texts.ts';
import type { Cli } from '../../../../src/core/faces/terminal/cli.ts';
import { elsewhereBy } from '../../../../src/core/faces/terminal/elsewhere.ts';
import { Output } from '../../../../src/core/faces/terminal/output.ts';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { keyboard } from './keys.ts';

export interface Typed {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface TypedOptions {
  cwd: string;
  home: string;
  env?: Record<string, string>;
  /** The person's answers, one per question; absent if no person is at the terminal. A function acts first. */
  says?: (string | (() => Promise<string>))[];
  /** The keys that the person presses instead, for one menu after another. */
  keys?: string[];
  /** The worker to start for a session; if absent, none is started. */
  programs?: ActionContext['programs'];
  clock?: Clock;
}

const NOWHERE = { worker: '/nowhere/worker.js', rehearsal: '/nowhere/samocode-rehearsal.js' };

/** Runs one command line in this process, with separate streams: everything but `main.ts` is the real program. */
export async function typed(
  argv: string[],
  { cwd, home, env = {}, says, keys, programs = NOWHERE, clock = systemClock }: TypedOptions,
): Promise<Typed> {
  const texts = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof texts) =>
    new PassThrough().on('data', (bytes: Buffer) => {
      texts[name] += bytes.toString('utf8');
    });
  let exitCode = 0;
  const left = [...(says ?? [])];
  const cli: Cli = {
    output: new Output({
      stdout: stream('stdout'),
      stderr: stream('stderr'),
      colourful: false,
      json: argv.includes('--json'),
      formatHint: hintForTerminal,
    }),
    cwd,
    env: { PATH: process.env.PATH, HOME: home, ...env },
    home,
    calledAs: 'samocode',
    programsDir: '/nowhere',
    isInteractive: says !== undefined || keys !== undefined,
    menus: keys && (async () => keyboard(keys).menus),
    interrupted: new AbortController().signal,
    async ask() {
      const answer = left.shift() ?? '';
      return typeof answer === 'string' ? answer : await answer();
    },
    useSupervisorParts: async () => {},
    actionContext: async () => ({
      clock,
      host: await systemHost(),
      env: { PATH: process.env.PATH, HOME: home, ...env },
      home,
      cwd,
      by: { channel: 'cli' },
      programs,
      elsewhere: elsewhereBy(cli, argv),
    }),
    leaveWith(code) {
      exitCode = code;
    },
  };
  await runWhole(cli, argv);
  return { exitCode, ...texts };
}
