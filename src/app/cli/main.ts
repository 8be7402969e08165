#!/usr/bin/env node
import { homedir } from 'node:os';
import { EXIT } from '../../core/faces/terminal/cli.ts';
import { loadProgram } from '../../core/sandbox/programs/code-cache.ts';
import { answerAtOnce } from './completion.ts';
import type { OpenProgram, Started } from './terminal.ts';

const argv = process.argv.slice(2);
const interrupt = new AbortController();
const started: Started = {
  argv,
  env: process.env,
  home: process.env.HOME || homedir(),
  programsDir: import.meta.dirname,
  interrupted: interrupt.signal,
  terminalGone: () => endBy('SIGHUP'),
  leaveWith(code) {
    process.exitCode = code;
  },
};

let isOutputLost = false;

// With `samocode list | head` the reader exits first, which is not a failure; EIO means a closed terminal.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  if (error.code === 'EIO' && process.stdout.isTTY) endBy('SIGHUP');
  else outputLost(error);
});
// What cannot be said must not end what is done.
process.stderr.on('error', () => undefined);

/** Says once that output cannot be written, as into a file on a full disk; the command goes on. */
function outputLost({ message }: Error): void {
  if (isOutputLost) return;
  isOutputLost = true;
  process.stderr.write(
    `error: Not all of the output was written (${message}). What the command does is done all the same. Free some space, or print it elsewhere.\n`,
  );
  process.on('exit', (code) => {
    process.exitCode = code || EXIT.failed;
  });
}

void answerAtOnce(
  argv,
  async (...asked) =>
    await reading()
      .openReading(started)
      .sessionNames(...asked),
).then(async (answer) => {
  if (answer === undefined) await runCommandLine();
  else process.stdout.write(answer);
});

async function runCommandLine(): Promise<void> {
  const { output, run } = await openProgram();
  process.on('exit', () => output.endLive());

  // By default these signals end the process without an 'exit' event, but the terminal must be restored first.
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      // A command that listens for the signal ends in order.
      if (process.listenerCount(signal) > 0) return;
      output.restoreTerminal();
      if (process.stdin.isTTY) process.stdin.setRawMode(false);
      endBy(signal);
    });
  }
  process.on('SIGINT', () => {
    // A second Ctrl-C exits at once.
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    interrupt.abort(new Error('interrupted'));
    setTimeout(() => process.exit(EXIT.interrupted), 10_000).unref();
  });
  await run();
}

/** Most of the time of a short command is spent on loading, so the two that people type most have a small program. */
async function openProgram(): Promise<OpenProgram> {
  if (argv[0] === 'list' || argv[0] === 'status') return reading().openReading(started);
  return await loadProgram<Whole>(`${started.programsDir}/samocode-whole.cjs`, 'samocode', process.env).whole(
    started,
  );
}

type Whole = { whole(started: Started): Promise<OpenProgram> };

function reading() {
  const path = `${started.programsDir}/samocode-reading.cjs`;
  return loadProgram<typeof import('./reading-program.ts')>(path, 'reading', process.env);
}

/** Not process.exit(): Node fails an assertion there when the terminal is gone. */
function endBy(signal: 'SIGTERM' | 'SIGHUP'): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
