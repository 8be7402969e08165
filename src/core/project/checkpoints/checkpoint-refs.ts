import * as z from 'zod';
import { threeDigits } from '../../kernel/files/stamps.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import { isGitsAnswer } from '../git/git-errors.ts';
import { type CheckpointStore, type KeptPart, repositoryOptions, treeIn } from './checkpoint-store.ts';

export const KEPT_CHECKPOINTS = 20;

export type Moment =
  | { kind: 'after'; iteration: number }
  /** Before an agent, if the files differ from the last checkpoint: a person may have changed them. */
  | { kind: 'before'; iteration: number }
  /** Before a rewind, to undo it; `id` names the rewind. */
  | { kind: 'before_rewind'; id: string }
  | { kind: 'before_discard' };

/** The state before any agent, so that all of a session's work can be undone. */
export const START = { kind: 'after', iteration: 0 } as const satisfies Moment;

/** `refs/samocode/<session>/` with one of: `003`, `003-before`, `rewinds/000017`, `discard`. */
export function checkpointRef(sessionFolder: string, moment: Moment): string {
  const refs = refPrefix(sessionFolder);
  switch (moment.kind) {
    case 'after':
      return `${refs}${threeDigits(moment.iteration)}`;
    case 'before':
      return `${refs}${threeDigits(moment.iteration)}-before`;
    case 'before_rewind':
      return `${refs}rewinds/${moment.id.padStart(6, '0')}`;
    case 'before_discard':
      return `${refs}discard`;
    default:
      return moment satisfies never;
  }
}

/** Prefix of all refs kept for a session. Old folder names can contain characters that refs don't allow. */
export function refPrefix(sessionFolder: string): string {
  return `refs/samocode/${asRefName(sessionFolder)}/`;
}

function asRefName(sessionFolder: string): string {
  return sessionFolder.replace(/[^\p{L}\p{N}-]+/gu, '-');
}

/** Prefix of discarded sessions. Refs of sessions never start like this: their names contain no underscore. */
export const TRASH = 'refs/samocode/_trash/';

export function trashRef(sessionFolder: string): string {
  return `${TRASH}${asRefName(sessionFolder)}`;
}

/** The newest state that another machine of a pool could continue from. */
export function stateRef(sessionFolder: string): string {
  return `${refPrefix(sessionFolder)}state`;
}

export function mergeRef(sessionFolder: string): string {
  return `${refPrefix(sessionFolder)}merge`;
}

/** Refs that keep the commits fetched from a pull request, and what was merged from it. */
export function pullRequestRefs(sessionFolder: string): { head: string; base: string; merged: string } {
  const of = (name: string) => `${refPrefix(sessionFolder)}pull-request/${name}`;
  return { head: of('head'), base: of('base'), merged: of('merged') };
}

/** A checkpoint as its commit tells. */
export interface KnownCheckpoint {
  /** `refs/samocode/<session>/<NNN>` */
  ref: string;
  commit: string;
  parents: readonly string[];
  /** The worktree's files as a tree, except ignored ones and those left out. */
  worktreeTree: string;
  sessionTree: string;
  /** Readable names of files not included: see `TakenFiles`; those of documents are absolute. In the message. */
  skipped: readonly string[];
  /** If this process has made or compared it: the identities of the private indexes that its trees were written from. */
  indexes?: Readonly<Record<KeptPart, string>>;
}

/** The newest checkpoint of an iteration; undefined also if it cannot be read: the next one is then made in full. */
export async function newestCheckpoint(
  store: CheckpointStore,
  sessionFolder: string,
): Promise<KnownCheckpoint | undefined> {
  const options = repositoryOptions(store);
  const prefix = refPrefix(sessionFolder);
  const refs = await listRefs(`${prefix}[0-9]*`, options);
  const nameOf = (ref: string) => ref.slice(prefix.length);
  // `003` is later than `003-before`.
  const newest = refs.sort(([, a], [, b]) => byNumber(nameOf(a), nameOf(b)) || (a < b ? 1 : -1)).at(-1);
  if (newest === undefined) return undefined;
  try {
    return await readCheckpoint(store, newest);
  } catch (error) {
    if (!isGitsAnswer(error)) throw error;
    return undefined;
  }
}

async function readCheckpoint(
  store: CheckpointStore,
  [commit, ref]: [commit: string, ref: string],
): Promise<KnownCheckpoint> {
  const reading = { ...repositoryOptions(store), maxChars: 2 * MAX_SKIPPED_CHARS, mayBeCut: true };
  const { stdout } = await runGit(['cat-file', 'commit', commit], reading);
  const [head = '', , list = ''] = stdout.split('\n\n');
  return {
    ref,
    commit,
    parents: Array.from(head.matchAll(/^parent (\w+)$/gm), ([, parent = '']) => parent),
    worktreeTree: await treeIn(store, commit, 'worktree'),
    sessionTree: await treeIn(store, commit, 'session'),
    skipped: Skipped.safeParse(parseJson(list)).data ?? [],
  };
}

const MAX_SKIPPED_CHARS = 1024 * 1024;

/** A message with the names of what a checkpoint leaves out. The next worker names those of a longer list again. */
export function withSkipped(subject: string, skipped: readonly string[]): string {
  const list = JSON.stringify(skipped);
  return skipped.length === 0 || list.length > MAX_SKIPPED_CHARS ? subject : `${subject}\n\n${list}`;
}

const Skipped = z.array(z.string());

/** Keeps the checkpoint of a phase's last iteration under a ref that is never pruned. */
export async function keepPhaseEnd(
  store: CheckpointStore,
  end: { sessionFolder: string; iteration: number; phase: string; commit: string },
): Promise<void> {
  const ref = `${refPrefix(end.sessionFolder)}phase-ends/${threeDigits(end.iteration)}-${end.phase}`;
  await runGit(['update-ref', '--', ref, end.commit], repositoryOptions(store));
}

/**
 * Deletes the refs of old checkpoints. Kept: the newest twenty iterations and rewinds, the ends of phases and the
 * start.
 * @returns the deleted refs
 */
export async function pruneCheckpoints(store: CheckpointStore, sessionFolder: string): Promise<string[]> {
  const refs = refPrefix(sessionFolder);
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
 * Deletes every checkpoint of a session. git frees their content at its next gc.
 * @returns the deleted refs @throws GitError
 */
export async function dropCheckpoints(sessionFolder: string, options: GitOptions): Promise<string[]> {
  const refs = (await listRefs(refPrefix(sessionFolder), options)).map(([, ref]) => ref);
  await deleteRefs(refs, options);
  return refs;
}

/** The number of checkpoint refs of a session, and the bytes that only they keep. */
export async function sizeOfCheckpoints(
  sessionFolder: string,
  options: GitOptions,
): Promise<{ refs: number; bytes: number }> {
  const refs = (await listRefs(refPrefix(sessionFolder), options)).map(([, ref]) => ref);
  return { refs: refs.length, bytes: await bytesKeptBy(refs, options) };
}

/** The bytes git can free once these refs are gone. */
async function bytesKeptBy(refs: readonly string[], options: GitOptions): Promise<number> {
  if (refs.length === 0) return 0;
  const others = refs.map((ref) => `--exclude=${ref}`);
  const what = ['rev-list', '--disk-usage', '--objects', ...refs, '--not', ...others, '--all'];
  return Number(await gitLine(what, options));
}

/** The checkpoints that a session's refs keep; git may delete other commits at any gc. */
export async function keptCheckpoints(sessionFolder: string, options: GitOptions): Promise<KeptCheckpoints> {
  return keptAmong(sessionFolder, await listRefs(refPrefix(sessionFolder), options));
}

/** The names of checkpoints that travel. Those before rewinds do not: they can contain ignored files, such as secrets. */
export const TRAVELLING = /^(?:\d{3,}|phase-ends\/\d{3,}-\w+)$/;
const MAX_TRAVELLING = 100;

/** The first and the newest checkpoints of a session that travel with it, by their names below its prefix. */
export async function travellingCheckpoints(
  sessionFolder: string,
  options: GitOptions,
): Promise<Record<string, string>> {
  const prefix = refPrefix(sessionFolder);
  const refs = (await listRefs(prefix, options)).map(
    ([oid, ref]) => [ref.slice(prefix.length), oid] as const,
  );
  const named = refs.filter(([name]) => TRAVELLING.test(name)).sort(([a], [b]) => byNumber(a, b));
  // The first is the state before any agent.
  return Object.fromEntries(named.filter((_, at) => at === 0 || at > named.length - MAX_TRAVELLING));
}

/** Adds checkpoints that came with a session, so that it can be rewound here. @param commit has them as parents */
export async function addCheckpoints(
  sessionFolder: string,
  { commit, named = {} }: { commit: string; named: Readonly<Record<string, string>> | undefined },
  options: GitOptions,
): Promise<void> {
  const fetched = new Set((await gitLine(['rev-parse', `${commit}^@`], options)).split('\n'));
  const updates = Object.entries(named)
    .filter(([, oid]) => fetched.has(oid))
    .map(([name, oid]) => `update ${refPrefix(sessionFolder)}${name} ${oid}\n`);
  await runGit(['update-ref', '--no-deref', '--stdin'], { ...options, input: updates.join('') });
}

export interface KeptCheckpoints {
  commits: Set<string>;
  start?: string;
  beforeRewinds: Map<number, string>;
}

/** @param refs those below the prefix of the session */
export function keptAmong(
  sessionFolder: string,
  refs: readonly [commit: string, ref: string][],
): KeptCheckpoints {
  const rewinds = `${refPrefix(sessionFolder)}rewinds/`;
  return {
    commits: new Set(refs.map(([commit]) => commit)),
    start: refs.find(([, ref]) => ref === checkpointRef(sessionFolder, START))?.[0],
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
