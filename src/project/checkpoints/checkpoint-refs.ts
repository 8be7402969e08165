import { threeDigits } from '../../base/files/stamps.ts';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';

export const KEPT_CHECKPOINTS = 20;

export type Moment =
  | { kind: 'after'; iteration: number }
  /** Before a child, where the files are not as the last one left them: a person may have changed them. */
  | { kind: 'before'; iteration: number }
  /** Before we end a child in the middle of its work: another ref, so that the later one replaces nothing. */
  | { kind: 'before_kill'; iteration: number }
  /** Before a rewind, so that it can be undone; `id` names the rewind. */
  | { kind: 'before_rewind'; id: string }
  | { kind: 'before_discard' };

/** What stands there before any child, so that all of a session's work can be taken back. */
export const START = { kind: 'after', iteration: 0 } as const satisfies Moment;

/** `refs/samocode/<session>/` with what stands behind it: `003`, `003-before`, `003-before-kill`, `rewinds/17`. */
export function refOf(sessionFolder: string, moment: Moment): string {
  const refs = refsOf(sessionFolder);
  switch (moment.kind) {
    case 'after':
      return `${refs}${threeDigits(moment.iteration)}`;
    case 'before':
      return `${refs}${threeDigits(moment.iteration)}-before`;
    case 'before_kill':
      return `${refs}${threeDigits(moment.iteration)}-before-kill`;
    case 'before_rewind':
      return `${refs}rewinds/${moment.id.padStart(6, '0')}`;
    case 'before_discard':
      return `${refs}discard`;
    default:
      return moment satisfies never;
  }
}

/** Below it lies what is kept of a session. Old folders have names that git allows in no ref. */
export function refsOf(sessionFolder: string): string {
  return `refs/samocode/${asRefName(sessionFolder)}/`;
}

function asRefName(sessionFolder: string): string {
  return sessionFolder.replace(/[^\p{L}\p{N}-]+/gu, '-');
}

/** Holds what was discarded with a session. No session's own refs begin so: their names have no underscore. */
export const TRASH = 'refs/samocode/_trash/';

export function trashRef(sessionFolder: string): string {
  return `${TRASH}${asRefName(sessionFolder)}`;
}

export function mergeRef(sessionFolder: string): string {
  return `${refsOf(sessionFolder)}merge`;
}

/** Keeps the checkpoint of a phase's last iteration under a ref that does not grow old. */
export async function keepPhaseEnd(
  store: CheckpointStore,
  end: { sessionFolder: string; iteration: number; phase: string; commit: string },
): Promise<void> {
  const ref = `${refsOf(end.sessionFolder)}phase-ends/${threeDigits(end.iteration)}-${end.phase}`;
  await runGit(['update-ref', '--', ref, end.commit], repositoryOptions(store));
}

/**
 * Drops the refs of old checkpoints: the newest twenty iterations and rewinds stay, the ends of phases and the start.
 * @returns the refs that were dropped
 */
export async function pruneCheckpoints(store: CheckpointStore, sessionFolder: string): Promise<string[]> {
  const refs = refsOf(sessionFolder);
  const names = (await listRefs(refs, repositoryOptions(store))).map(([, ref]) => ref.slice(refs.length));
  const iterations = names.filter((name) => /^\d+$/.test(name)).sort(byNumber);
  const oldest = Number(iterations.at(-KEPT_CHECKPOINTS) ?? 0);
  const rewinds = names.filter((name) => name.startsWith('rewinds/')).sort(byNumber);
  const isOld = (iteration: number) => iteration !== START.iteration && iteration < oldest;
  const old = [
    ...names.filter((name) => /^\d+(?:-before(?:-kill)?)?$/.test(name) && isOld(Number.parseInt(name, 10))),
    ...rewinds.slice(0, -KEPT_CHECKPOINTS),
  ].map((name) => `${refs}${name}`);
  await deleteRefs(old, repositoryOptions(store));
  return old;
}

/**
 * Drops every checkpoint of a session. git forgets their content with its next clean-up.
 * @returns the refs that were dropped @throws GitError
 */
export async function dropCheckpoints(sessionFolder: string, options: GitOptions): Promise<string[]> {
  const refs = (await listRefs(refsOf(sessionFolder), options)).map(([, ref]) => ref);
  await deleteRefs(refs, options);
  return refs;
}

/** How many refs keep checkpoints of a session, and how many bytes nothing else keeps. @throws GitError */
export async function sizeOfCheckpoints(
  sessionFolder: string,
  options: GitOptions,
): Promise<{ refs: number; bytes: number }> {
  const refs = (await listRefs(refsOf(sessionFolder), options)).map(([, ref]) => ref);
  return { refs: refs.length, bytes: await bytesKeptBy(refs, options) };
}

/** What git can free once these refs are gone. @throws GitError */
async function bytesKeptBy(refs: readonly string[], options: GitOptions): Promise<number> {
  if (refs.length === 0) return 0;
  const others = refs.map((ref) => `--exclude=${ref}`);
  const what = ['rev-list', '--disk-usage', '--objects', ...refs, '--not', ...others, '--all'];
  return Number(await gitLine(what, options));
}

/** The checkpoints that a session's refs keep; other commits are there only until git clears them away. */
export async function keptCheckpoints(
  sessionFolder: string,
  options: GitOptions,
): Promise<{ commits: Set<string>; start?: string; beforeRewinds: Map<number, string> }> {
  const refs = await listRefs(refsOf(sessionFolder), options);
  const rewinds = `${refsOf(sessionFolder)}rewinds/`;
  return {
    commits: new Set(refs.map(([commit]) => commit)),
    start: refs.find(([, ref]) => ref === refOf(sessionFolder, START))?.[0],
    beforeRewinds: new Map(
      refs
        .filter(([, ref]) => ref.startsWith(rewinds))
        .map(([commit, ref]) => [Number(ref.slice(rewinds.length)), commit]),
    ),
  };
}

async function listRefs(prefix: string, options: GitOptions): Promise<[commit: string, ref: string][]> {
  const text = await gitLine(['for-each-ref', '--format=%(objectname) %(refname)', prefix], options);
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => line.split(' ') as [commit: string, ref: string]);
}

async function deleteRefs(refs: readonly string[], options: GitOptions): Promise<void> {
  if (refs.length === 0) return;
  const input = refs.map((ref) => `delete ${ref}\n`).join('');
  await runGit(['update-ref', '--stdin'], { ...options, input });
}

function byNumber(a: string, b: string): number {
  return numberIn(a) - numberIn(b);
}

function numberIn(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? 0);
}
