import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, openSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import type { ChildCommand } from '../../agents/contract/provider.ts';
import { PROVIDER_ERRORS } from '../../agents/contract/provider-errors.ts';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { noteProgram } from '../../kernel/effects.ts';
import { crashPoint } from '../../kernel/fault-points.ts';
import { openForAppend } from '../../kernel/files/append-lines.ts';
import { writeUnsynced } from '../../kernel/files/atomic-file.ts';
import { type Host, identify, ProcessIdentity } from '../../kernel/processes/host.ts';
import { withoutMissing } from '../../project/proving/checkout-variables.ts';
import { type Guard, insideGuard } from '../guard/make-guard.ts';

/**
 * `child.json`: identifies the process of an agent, written before it may start. Not synced, because it says nothing
 * after a power cut, which has ended that process.
 */
export const ChildRecord = z.object({
  v: z.literal(1),
  wrapper: ProcessIdentity,
  startedAt: z.iso.datetime(),
  /** It runs inside bubblewrap, with two more processes between it and the wrapper. */
  guard: z.literal(true).optional(),
});
export type ChildRecord = z.infer<typeof ChildRecord>;

export interface RunChildOptions {
  command: ChildCommand;
  /** One ASCII word that identifies the wrapper in process lists. */
  name: string;
  cwd: string;
  /** The agent's stdout and stderr: files opened for append. */
  stdoutPath: string;
  stderrPath: string;
  recordPath: string;
  exitPath: string;
  /** Called once the wrapper has ended, if this process still runs then. */
  onExit?: () => void;
  /** Absent: the agent is not confined. */
  guard?: GuardedStart;
  host: Host;
  clock: Clock;
}

interface GuardedStart {
  guard: Guard;
  /** The file for the guard's arguments, which an agent would see in a process list. */
  argsPath: string;
  /** Where the guard reports its own status. */
  statusPath: string;
}

/** Written by the wrapper if it got no "go": the CLI has never run. */
export const NEVER_STARTED = 'never started';

// The wrapper waits for "go" on descriptor 3; if the worker dies before that, the pipe closes and nothing has
// run. It survives TERM, INT and HUP to record how the CLI ended; the CLI gets them as usual. Its record is
// valid only with the final newline. The wrapper starts no other program, whatever PATH contains. Assigning
// to an inherited variable would export the new value: hence the unusual names.
const WRAPPER = `trap : TERM INT HUP
samocode_exit=$1; shift
read -r samocode_word <&3 || samocode_word=
if [ "$samocode_word" = go ]; then "$@" 3<&-; samocode_status=$?; else samocode_status='${NEVER_STARTED}'; fi
exec 3<&-
printf '%s\\n' "$samocode_status" >"$samocode_exit.$$"`;

/**
 * The path at which the wrapper records how the CLI ended. The name contains the wrapper's pid: one that never
 * got "go" might write after the next one has started, and must not be mistaken for it.
 */
export function exitFile(exitPath: string, child: ChildRecord): string {
  return `${exitPath}.${child.wrapper.pid}`;
}

/**
 * Starts an agent through the wrapper, in its own session and process group. It begins only after `child.json` is
 * written, so a crash of the worker at any step starts the CLI at most once.
 */
export async function runChild(options: RunChildOptions): Promise<ChildRecord> {
  const { command, host, clock } = options;
  const files: number[] = [];
  let wrapper: Wrapper | undefined;
  try {
    files.push(openCopy(command.stdinPath ?? '/dev/null', `${options.recordPath}.stdin`));
    files.push(openForAppend(options.stdoutPath));
    files.push(openForAppend(options.stderrPath));
    const started = guardedStart(options.guard, [command.file, ...command.args], files);
    crashPoint('before-spawn');
    wrapper = await spawnWrapper(options, started, files);
    crashPoint('after-spawn');
    const identity = await identify(host, wrapper.pid);
    if (identity === undefined) throw notStarted(command.file, 'the wrapper ended at once');
    const record: ChildRecord = {
      v: 1,
      wrapper: identity,
      startedAt: isoUtc(clock.now()),
      ...started.record,
    };
    writeUnsynced(options.recordPath, `${JSON.stringify(record)}\n`);
    crashPoint('before-go');
    await wrapper.go();
    crashPoint('after-go');
    return record;
  } finally {
    // Without "go", the wrapper records that the CLI never started.
    wrapper?.letGo();
    for (const file of files) closeSync(file);
  }
}

/** Opens a copy: inside the guard, the original could be written through /proc, wherever it is. */
function openCopy(path: string, copy: string): number {
  copyFileSync(path, copy);
  const file = openSync(copy, 'r');
  rmSync(copy);
  return file;
}

interface Start {
  command: readonly string[];
  record: Pick<ChildRecord, 'guard'>;
}

/** Bubblewrap reads its arguments from descriptor 4 and reports its status on 5; the agent gets neither. */
function guardedStart(wanted: GuardedStart | undefined, command: readonly string[], files: number[]): Start {
  if (wanted === undefined) return { command, record: {} };
  const { guard, argsPath, statusPath } = wanted;
  if (guard.tool.kind !== 'bwrap') return { command: insideGuard(guard, command), record: {} };
  writeFileSync(argsPath, guard.args.map((arg) => `${arg}\0`).join(''));
  files.push(openSync(argsPath, 'r'));
  files.push(openSync(statusPath, 'w'));
  const start = [
    guard.tool.path,
    '--args',
    '4',
    '--json-status-fd',
    '5',
    '--',
    ...(guard.relay ?? []),
    ...command,
  ];
  return { command: start, record: { guard: true } };
}

type Wrapper = Awaited<ReturnType<typeof spawnWrapper>>;

async function spawnWrapper(
  options: RunChildOptions,
  start: Start,
  [input, output, errors, ...ofGuard]: readonly number[],
) {
  const { command } = options;
  // The exit file's path is an argument, not a variable: agents must not know the run folder.
  const args = ['-c', WRAPPER, options.name, options.exitPath, ...start.command];
  noteProgram(`agent ${options.name}`, []);
  const wrapper = spawn('/bin/sh', args, {
    cwd: options.cwd,
    env: withoutMissing({ ...command.env }, options.cwd),
    detached: true,
    stdio: [input, output, errors, 'pipe', ...ofGuard],
  });
  const pid = await new Promise<number>((resolve, reject) => {
    wrapper.once('error', (error) => reject(notStarted(command.file, error)));
    wrapper.once('spawn', () => resolve(wrapper.pid ?? 0));
  });
  wrapper.once('exit', () => options.onExit?.());
  wrapper.unref();
  const pipe = wrapper.stdio[3];
  if (!(pipe && 'end' in pipe)) throw notStarted(command.file, 'no pipe to the wrapper');
  pipe.on('error', () => undefined);
  return {
    pid,
    go: () => new Promise<void>((resolve) => pipe.end('go\n', () => resolve())),
    letGo: () => pipe.destroy(),
  };
}

function notStarted(file: string, cause: unknown) {
  return PROVIDER_ERRORS.child_not_started({ file }, { cause });
}
