import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { PromptFacts } from './read-prompt.ts';
import { runAsAgent } from './run-as-agent.ts';

const SESSION_FILES: Readonly<Record<string, string>> = {
  qa: '_qa.md',
  overview: '_overview.md',
  signal: '_signal.json',
  history: '_signal_history.jsonl',
};

/** The absolute path that a scenario's place names. */
export function pathOfPlace(facts: Pick<PromptFacts, 'sessionDir' | 'workingDir'>, place: string): string {
  const file = SESSION_FILES[place];
  if (file) return join(facts.sessionDir, file);
  const colon = place.indexOf(':');
  const path = place.slice(colon + 1);
  const roots: Readonly<Record<string, string>> = { session: facts.sessionDir, worktree: facts.workingDir };
  const root = roots[place.slice(0, colon)];
  return root ? join(root, path) : path;
}

export interface WriteAtOptions {
  append: boolean;
  /** Written ten characters at a time with this pause: a reader meets a torn file. */
  pieceEveryMs?: number | undefined;
  clock: Clock;
}

/** Writes in place, as a careless program does: neither whole nor at once. */
export async function writeAt(
  path: string,
  text: string,
  { append, pieceEveryMs, clock }: WriteAtOptions,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (!append) await writeFile(path, '');
  if (pieceEveryMs === undefined) return await appendFile(path, text);
  for (let at = 0; at < text.length; at += 10) {
    await appendFile(path, text.slice(at, at + 10));
    await clock.sleep(pieceEveryMs);
  }
}

export interface PrintOptions {
  bytes: number;
  /** `event`: lines that a reader must parse; `one-line`: no line feed until the end. */
  shape: 'plain' | 'event' | 'one-line';
  to: 'stdout' | 'stderr';
}

export interface Printer {
  clock: Clock;
  /** Resolves when the text has left the process. */
  write(text: string, to: 'stdout' | 'stderr'): Promise<void>;
}

const PIECE_BYTES = 1024 * 1024;
const TILDES = '~'.repeat(1023);
const EVENT = {
  type: 'assistant',
  message: { role: 'assistant', content: [{ type: 'text', text: TILDES }] },
};
const LINES = { plain: `${TILDES}\n`, event: `${JSON.stringify(EVENT)}\n`, 'one-line': TILDES };

/** Prints at least `bytes` bytes, yielding between pieces so that signals are still heard. */
export async function printMuch({ bytes, shape, to }: PrintOptions, printer: Printer): Promise<void> {
  const line = LINES[shape];
  for (let printed = 0; printed < bytes; ) {
    const count = Math.ceil(Math.min(PIECE_BYTES, bytes - printed) / line.length);
    await printer.write(line.repeat(count), to);
    await printer.clock.sleep(0);
    printed += count * line.length;
  }
  if (shape === 'one-line') await printer.write('\n', to);
}

export interface StrayOptions {
  /** In a new session, and so in a new process group. */
  setsid: boolean;
  ignoreTerm: boolean;
  /** Without our environment, and so without the marker by which it is found. */
  scrubEnv: boolean;
}

// setsid is missing on macOS, where Perl is not. What ignores a signal when it starts another program leaves it
// ignored there.
const LAUNCH = `
new_session=$1 scrub=$2 ignore_term=$3; shift 3
if [ "$scrub" = true ]; then set -- env -i PATH="$PATH" "$@"; fi
if [ "$new_session" = true ] && command -v setsid >/dev/null 2>&1; then set -- setsid "$@"
elif [ "$new_session" = true ]; then set -- perl -e 'use POSIX; POSIX::setsid(); exec @ARGV' "$@"
fi
if [ "$ignore_term" = true ]; then trap '' TERM INT HUP; fi
"$@" </dev/null >/dev/null 2>&1 &`;

/** Starts a process that sleeps and ends after `ms`; it outlives its parent. */
export async function startSleeper(ms: number, options: StrayOptions): Promise<void> {
  await start(options, ['sleep', seconds(ms)]);
}

/** Starts a process in a new session that writes a file later, after its parent has ended. */
export async function startLateWriter(
  afterMs: number,
  { path, text, append }: { path: string; text: string; append: boolean },
  options: Omit<StrayOptions, 'setsid'>,
): Promise<void> {
  const body = `sleep "$1"; printf %s "$3" ${append ? '>>' : '>'}"$2"`;
  await start({ ...options, setsid: true }, ['sh', '-c', body, 'stray', seconds(afterMs), path, text]);
}

async function start({ setsid, scrubEnv, ignoreTerm }: StrayOptions, command: string[]): Promise<void> {
  const flags = [setsid, scrubEnv, ignoreTerm].map(String);
  const run = await runAsAgent('sh', ['-c', LAUNCH, 'launch', ...flags, ...command]);
  if (run.exitCode !== 0) throw new Error(`A stray process did not start: ${run.stderr}`);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
