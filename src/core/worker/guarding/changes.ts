import { readlinkSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import * as z from 'zod';
import { changedKeys } from '../../kernel/changed-keys.ts';
import { isSamocodeError } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { plainText, readPlainFile } from '../../kernel/files/plain-file.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import type { Outcome } from '../../kernel/phases/outcome.ts';
import { isOutOfReach } from '../../kernel/sandbox-level.ts';
import { beginning, listed, visibleControls } from '../../kernel/text.ts';
import { MainCheckout, movesBetween, readMainCheckout } from '../../project/worktrees/main-checkout.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { isWrittenDuringAgent, NAMES_WRITTEN, type SessionPaths } from '../../session/layout/paths.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { LogMark } from '../../session/log/event-writer.ts';
import { Blocked } from '../state/interrupts.ts';
import type { Iteration, WithFiles } from '../state/iteration.ts';
import { isPassing } from '../state/passing-errors.ts';
import { stateOf, type Worker } from '../state/worker.ts';

/** Changes made while an agent ran that no agent may make. */
export type Breach = NonNullable<Outcome['breach']>;

/**
 * The breach of an ended agent, if any. Changes to the run folder take precedence, so that
 * accepting them does not accept executable git settings. The session returns to the agent's phase, whatever was
 * decided in the meantime.
 */
export function breachOf(
  { phase }: Pick<OpenIteration, 'phase'>,
  {
    runFolder = [],
    gitPrograms,
    afterAgent,
  }: { runFolder?: readonly string[]; gitPrograms: readonly string[]; afterAgent: boolean },
): Breach | undefined {
  const rule = runFolder.length > 0 ? 'run_folder_changed' : 'git_programs_changed';
  if (runFolder.length + gitPrograms.length === 0) return undefined;
  const parts = [
    runFolder.length === 0
      ? ''
      : `Files of the run folder, which only samocode writes, changed while the agent ran: ${bounded(runFolder)}.`,
    gitPrograms.length === 0
      ? ''
      : `Git settings or hooks that start programs changed, and no person has accepted them: ${bounded(gitPrograms)}. samocode starts none of them.`,
    afterAgent ? "The agent's signal is ignored; its work is kept." : '',
    rule === 'run_folder_changed'
      ? 'Find out what changed them, then resume the session.'
      : 'Undo what you do not recognize. A resume by a person in a terminal accepts the rest.',
  ];
  return { phase, rule, reason: parts.filter((part) => part !== '').join(' ') };
}

const MAX_NAMED = 20;
const MAX_NAME = 400;

function bounded(lines: readonly string[]): string {
  const named = lines.map((line) => beginning(visibleControls(line), MAX_NAME));
  return listed(named, MAX_NAMED, { separator: '; ' });
}

/**
 * Executable git settings and hooks that no person accepted. This is the first git call after an agent.
 * @throws temporary errors, and expected ones such as a missing git
 */
export async function gitProgramsChanged(worker: Worker): Promise<string[]> {
  try {
    return await worker.git.unaccepted(stateOf(worker).worktree?.path);
  } catch (error) {
    if (isPassing(error) || isSamocodeError(error)) throw error;
    return [`they could not be read: ${error instanceof Error ? error.message : error}`];
  }
}

/**
 * Changes made while no agent was running block the session before money is spent on the next agent, whose signal would
 * be ignored anyway.
 * @throws Blocked
 */
export async function requireAcceptedGit(worker: Worker): Promise<void> {
  // They were read after the last agent, or after SETUP, and the worker has not waited for anything since.
  if (worker.memory.seen?.n === stateOf(worker).n) return;
  const gitPrograms = await gitProgramsChanged(worker);
  const breach = breachOf(stateOf(worker).progress, { gitPrograms, afterAgent: false });
  if (breach !== undefined) throw new Blocked({ ...breach, needs: 'error_resolution' });
}

/** Reports moves of the main checkout and never undoes them: a person may have made them. */
export function mainCheckoutMoves(
  iteration: number,
  before: Snapshot | undefined,
  after: Snapshot,
): NewEvent[] {
  if (!before?.mainCheckout || !after.mainCheckout) return [];
  const moves = movesBetween(before.mainCheckout, after.mainCheckout);
  if (moves.length === 0) return [];
  const text = `While iteration ${iteration} ran, the main checkout changed: ${moves.join('; ')}. Nothing was undone; for commits and branches, see \`git reflog\` there.`;
  return [{ type: 'notice', code: 'main_checkout_moved', text }];
}

/** A snapshot of the part of the run folder that only the worker writes. */
export const RunFolder = z.object({
  /** Per path below the run folder: `folder`, a hash, or the kind of an unexpected entry. */
  entries: z.record(z.string(), z.string()),
  /** The names that the build of the snapshot lets others write, so that another build compares no more. */
  written: z.array(z.string()).optional(),
  log: LogMark,
  lease: z.int(),
});
export type RunFolder = z.infer<typeof RunFolder>;

/** The run folder's own entry in a list of changes. */
export const RUN_FOLDER_ITSELF = 'the run folder itself';

/**
 * Reads the run folder right before an agent starts, unless it is out of the agent's reach.
 * @param keep saves it for a later worker
 */
export async function keepRunFolder(
  worker: Worker,
  { iteration, files }: Iteration,
  keep: (folder?: RunFolder) => Promise<void>,
): Promise<void> {
  if (isSafe(worker)) return await keep();
  const { paths, writer } = worker;
  const entries = await runFolderEntries(paths, iteration, comparedFrom(worker));
  const folder = { entries, written: [...NAMES_WRITTEN], log: writer.mark(), lease: writer.lease };
  await keep(folder);
  const written = { [relative(paths.runDir, files.before)]: (await kindAt(files.before)) ?? '' };
  worker.memory.runFolder = {
    iteration,
    ...folder,
    entries: { ...entries, ...written },
    isCompared: false,
  };
}

function isSafe(worker: Worker): boolean {
  return isOutOfReach(stateOf(worker).sandbox, worker.file.settings.openings);
}

/**
 * Where the comparison begins. Without a guard an agent can do what its person can: besides the log, only the record
 * is compared that says which programs git may start for us.
 */
function comparedFrom(worker: Worker): string {
  return stateOf(worker).sandbox === 'none' ? basename(worker.paths.gitSettings) : '';
}

/**
 * Paths in the run folder that changed while an agent ran; call it when the whole process tree has ended.
 * @param kept the snapshot of an earlier worker; absent if missing or damaged
 */
export async function runFolderChanges(
  worker: Worker,
  open: Iteration,
  kept: () => Promise<RunFolder | undefined>,
): Promise<string[]> {
  const { runFolder } = worker.memory;
  const own = runFolder?.iteration === open.iteration ? runFolder : undefined;
  // Later changes come from this worker and people, for example when checks were stopped and run again.
  if (own?.isCompared) return [];
  const before = own ?? (await kept());
  const copyMissing = `iterations/${open.iteration}: the copy taken before the agent is missing or damaged`;
  if (before === undefined) return isSafe(worker) ? [] : [copyMissing];
  const from = comparedFrom(worker);
  const now = await runFolderEntries(worker.paths, open.iteration, from);
  const names = [...NAMES_WRITTEN, ...(before.written ?? [])];
  const { iteration } = open;
  const compared = (entries: Readonly<RunFolder['entries']>) =>
    comparable(entries, { iteration, names, from });
  const paths = changedKeys(compared(before.entries), compared(now)).filter(
    (path) => !isWorkersChange(worker, path, { open, before, isOwn: own !== undefined }),
  );
  // A log that this worker wrote alone since then has no event of another one.
  const isLogChanged =
    (await worker.writer.isChangedSince(before.log)) ||
    (own === undefined &&
      (await readEvents(worker.paths, before.log.n, { useCache: false })).some(({ type }) =>
        NOT_WHILE_OPEN.includes(type),
      ));
  if (own !== undefined && paths.length === 0 && !isLogChanged) own.isCompared = true;
  return [...(isLogChanged ? ['events.jsonl'] : []), ...topmost(paths)];
}

/** Without what one of two builds lets others write: a record says nothing about names that it did not know. */
function comparable(
  entries: Readonly<RunFolder['entries']>,
  { iteration, names, from }: { iteration: number; names: readonly string[]; from: string },
): RunFolder['entries'] {
  const isShared = (path: string, kind: string) => {
    const folder = names.find((name) => name.endsWith('/') && `${path}/`.startsWith(name));
    return folder !== undefined && (folder !== `${path}/` || kind === 'folder');
  };
  return Object.fromEntries(
    Object.entries(entries).filter(
      ([path, kind]) =>
        path.startsWith(from) && !isShared(path, kind) && !isWrittenDuringAgent(path, iteration, names),
    ),
  );
}

/** Whether a worker changed this path: a later one, or the previous one, which may have judged the agent. */
function isWorkersChange(
  { paths, writer }: Worker,
  path: string,
  { open, before, isOwn }: { open: Iteration; before: RunFolder; isOwn: boolean },
): boolean {
  // A later worker has its own lease and has removed old ones.
  if (path.startsWith('leases/')) return before.lease !== writer.lease;
  if (isOwn) return false;
  const { before: copy, signal, checks } = open.files;
  return [copy, signal, checks, paths.setup, paths.asFound, paths.pictures, paths.weakenedDiff].some((each) =>
    `${join(paths.runDir, path)}/`.startsWith(`${each}/`),
  );
}

/** Omits the contents of a folder that was itself removed or replaced. */
function topmost(paths: readonly string[]): string[] {
  const isBelow = (path: string, above: string) => above === '' || path.startsWith(`${above}/`);
  return paths
    .filter((path) => !paths.some((above) => above !== path && isBelow(path, above)))
    .map((path) => path || RUN_FOLDER_ITSELF);
}

const MAX_BYTES = 64 * 1024 * 1024;

/** Path → hash of everything in the run folder, from a path on, that must not change while an agent runs. */
export async function runFolderEntries(
  { runDir }: Pick<SessionPaths, 'runDir'>,
  iteration: number,
  from = '',
): Promise<Record<string, string>> {
  const entries: Record<string, string> = {};
  const read = async (name: string): Promise<void> => {
    const kind = await kindAt(join(runDir, name));
    if (kind === undefined) return;
    entries[name] = kind;
    // A run folder that is a link is still the one in use.
    if ((kind !== 'folder' && name !== '') || NAMES_WRITTEN.includes(`${name}/`)) return;
    for (const inner of namesAt(join(runDir, name)) ?? []) {
      const below = name === '' ? inner : `${name}/${inner}`;
      // Our drafts, and files of file managers, editors, backups and NFS: these names are never read.
      if (!inner.startsWith('.') && !isWrittenDuringAgent(below, iteration)) await read(below);
    }
  };
  await read(from);
  // This file determines how checkpoints are taken; the other files there belong to git.
  if (from === '') await read('checkpoints/store.json');
  return entries;
}

/** `folder`, a hash, or the kind of an unexpected entry; undefined if nothing exists. */
async function kindAt(path: string): Promise<string | undefined> {
  const stats = statsAt(path);
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  if (stats.isDirectory()) return 'folder';
  const reading = await readPlainFile(path, MAX_BYTES);
  return reading.kind === 'bytes' ? fingerprint(reading.bytes) : reading.kind;
}

/** Events that no worker records while an iteration is open, so an agent could have forged them. */
const NOT_WHILE_OPEN: readonly EventType[] = [
  'answers_recorded',
  'plan_approved',
  'changes_requested',
  'phase_set',
  'parked',
  'done',
];

/** What an agent could change, at one point in time. Unreadable parts are absent. */
export const Snapshot = z.object({
  /** Equal prints mean the same bytes. */
  worktree: z.object({ print: z.string(), head: z.string().optional() }).optional(),
  mainCheckout: MainCheckout.optional(),
  /** Fingerprint of the session's documents, without its log folder and the worker's own files. */
  documents: z.string(),
  /** Absent if the guard kept it from the agent. */
  runFolder: RunFolder.optional(),
});
export type Snapshot = z.infer<typeof Snapshot>;

const MAX_SNAPSHOT_BYTES = 16 * 1024 * 1024;

/** The snapshot before an iteration's agent; undefined if missing or damaged: then everything counts as changed. */
export async function snapshotBefore({ files }: WithFiles): Promise<Snapshot | undefined> {
  const text = await plainText(files.before, MAX_SNAPSHOT_BYTES);
  return text === undefined ? undefined : Snapshot.safeParse(parseJson(text)).data;
}

/** @returns undefined in a guard, from which no agent reaches it: what moves there is a person's */
export async function mainCheckoutNow(worker: Worker): Promise<MainCheckout | undefined> {
  if ((await worker.guard.now()).level !== 'none') return undefined;
  return await readMainCheckout({ mainRepo: worker.file.mainRepo, ...worker.git.context });
}

const NOT_THE_AGENTS = new Set(['_logs', '_signal.json', '_signal_history.jsonl', 'session.log', '_inbox']);

// Sizes and times, not contents: a folder can hold many large documents, and any write changes the time.
export function documentsPrint({ paths }: Worker, without: readonly string[] = []): string {
  const isAsked = (name: string) => !without.includes(name) && !NOT_THE_AGENTS.has(name);
  const names = (namesAt(paths.sessionDir) ?? []).filter(isAsked);
  const states = names.sort().map((name) => {
    const stats = statsAt(join(paths.sessionDir, name));
    return `${name}\0${stats?.size}\0${stats?.mtimeMs}\0${stats?.ino}\n`;
  });
  return fingerprint(...states);
}
