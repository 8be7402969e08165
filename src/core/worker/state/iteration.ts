import { join } from 'node:path';
import type { Provider } from '../../agents/contract/provider.ts';
import { providerNamed } from '../../agents/registry.ts';
import { systemErrorCode } from '../../kernel/errors.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { plainJson, readPlainFile } from '../../kernel/files/plain-file.ts';
import { livenessOf } from '../../kernel/processes/host.ts';
import { SESSION_MARK } from '../../sandbox/programs/marks.ts';
import { ChildRecord, exitFile } from '../../sandbox/programs/run-child.ts';
import { stderrFileName } from '../../session/documents/documents.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { type IterationPaths, iterationPaths } from '../../session/layout/paths.ts';
import type { Worker } from './worker.ts';

type Place = Pick<Worker, 'paths'>;
export type WithFiles = Pick<Iteration, 'files'>;

/** An open iteration with its machine files, its output files and its CLI. */
export interface Iteration extends OpenIteration {
  files: IterationPaths;
  logs: { stdout: string; stderr: string };
  cli: Provider;
  /** Another worker left it open, and may have recorded some of what is found at its end. */
  isLeft?: boolean;
}

export function iterationOf(worker: Place, open: OpenIteration): Iteration {
  const files = iterationPaths(worker.paths, open.iteration);
  return { ...open, files, logs: logPaths(worker, open), cli: providerNamed(open.provider) };
}

export function logPaths(
  { paths }: Place,
  { log }: Pick<OpenIteration, 'log'>,
): { stdout: string; stderr: string } {
  const stdout = join(paths.logs, log);
  return { stdout, stderr: stderrFileName(stdout) };
}

/** The exit status that the wrapper wrote for an iteration's CLI, or `NEVER_STARTED`. */
export async function readExit({ files }: WithFiles, child: ChildRecord): Promise<string | undefined> {
  const text = await readShort(exitFile(files.exit, child));
  // Without a line end the file is incomplete: still being written, or cut off by a full disk or a power failure.
  return text?.endsWith('\n') ? text.trim() : undefined;
}

/** Written before the first signal is sent: exit status 143 alone is ambiguous. */
export async function noteEndedByUs({ files }: WithFiles, end: string): Promise<void> {
  await writeWhole(files.endedByUs, `${end}\n`);
}

/** Why a worker was ending the agent of an iteration; the agent may have written it itself. */
export async function readEndedByUs({ files }: WithFiles): Promise<string | undefined> {
  return (await readShort(files.endedByUs))?.trim();
}

/** Awake milliseconds saved for an iteration's agent; 0 if none or invalid. */
export async function readAwakeMs({ files }: WithFiles): Promise<number> {
  const saved = Number(await readShort(files.awake));
  return Number.isFinite(saved) && saved > 0 ? saved : 0;
}

const MAX_BYTES = 100;

/** Returns undefined for a pipe, a link or an unreadable file, without waiting. */
async function readShort(path: string): Promise<string | undefined> {
  try {
    const reading = await readPlainFile(path, MAX_BYTES);
    return reading.kind === 'bytes' ? reading.bytes.toString('utf8') : undefined;
  } catch (error) {
    if (systemErrorCode(error) !== 'EACCES') throw error;
    return undefined;
  }
}

/**
 * The process of an iteration's agent; undefined if none was recorded (none ever ran), or if the record is damaged or
 * names a living process that does not belong to this session.
 */
export async function readAgentRecord(worker: Worker, iteration: number): Promise<ChildRecord | undefined> {
  const { child } = iterationPaths(worker.paths, iteration);
  const record = await plainJson(child, ChildRecord);
  if (record === undefined) return undefined;
  const { host, file } = worker;
  if ((await livenessOf(host, record.wrapper)) !== 'alive') return record;
  const { pid } = record.wrapper;
  const mark = await host.processes.environmentOf(pid, SESSION_MARK);
  if (mark !== undefined) return mark === file.id ? record : undefined;
  // macOS hides the environment of its own programs, such as the shell that runs the wrapper.
  const command = (await host.processes.commandOf(pid)) ?? '';
  return command.includes(` ${wrapperName(worker, iteration)} `) ? record : undefined;
}

/** Identifies a wrapper whose environment is hidden. */
export function wrapperName({ file }: Pick<Worker, 'file'>, iteration: number): string {
  return `samocode-child-${file.id}-${iteration}`;
}
