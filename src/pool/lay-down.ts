import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { type Clock, isoUtc } from '../base/clock.ts';
import { crashPoint } from '../base/fault-points.ts';
import { writeWhole } from '../base/files/atomic-file.ts';
import { gitDirOf } from '../base/files/git-pointer.ts';
import { filesBelow, identityAt, statsAt } from '../base/files/path-stats.ts';
import { plainJson } from '../base/files/plain-file.ts';
import { parseJson } from '../base/parse-json.ts';
import { giveLease, newestNumber, ownerElsewhere } from '../base/processes/lease.ts';
import { checkOut, checkOutWorktree } from '../project/checkpoints/check-out.ts';
import { refsOf, stateRef } from '../project/checkpoints/checkpoint-refs.ts';
import {
  type CheckpointStore,
  openStore,
  repositoryOptions,
} from '../project/checkpoints/checkpoint-store.ts';
import { treeIn } from '../project/checkpoints/restore-checkpoint.ts';
import { MAX_STATE_FILE_BYTES } from '../project/checkpoints/state-commit.ts';
import { gitLine, gitSaysYes, runGit } from '../project/git/git.ts';
import { listing, namesIn, readable } from '../project/git/path-bytes.ts';
import { removeTree } from '../project/git/remove-tree.ts';
import { commitOf, type GitContext } from '../project/git/repository.ts';
import { WORKTREE_ERRORS } from '../project/git/worktree-errors.ts';
import { listWorktrees } from '../project/git/worktree-list.ts';
import type { HostSettings, Places } from '../session/events/bodies/positions.ts';
import { readLog } from '../session/events/event-log.ts';
import { readSessionFile } from '../session/events/session-file.ts';
import { MAX_LAID_BYTES, Mirror } from '../session/layout/mirror.ts';
import { refNameOf } from '../session/layout/names.ts';
import { SETUP_DUE, type SessionPaths, sessionPaths, travels } from '../session/layout/paths.ts';
import type { Oid } from './board.ts';
import { fence } from './fence.ts';
import { readMark } from './mark.ts';
import { STATE_ERRORS } from './state-errors.ts';
import type { StateNote } from './state-note.ts';

export interface LayDownPlan {
  /** Fetched and verified. */
  commit: Oid;
  note: StateNote;
  /** The folders of the project on this machine. */
  at: Record<'configPath' | 'mainRepo' | 'sessionsDir' | 'worktreesDir', string>;
  context: GitContext;
  clock: Pick<Clock, 'now'>;
}

export interface LaidDown {
  /** Its name here. */
  folder: string;
  /** What was in the way and lies elsewhere now: paths and refs, for people. */
  aside: string[];
}

/**
 * Shows a session that another machine has, or nobody: its documents and its machine state replace what was shown
 * before. Its lease says that its worker is elsewhere; commands that wait here stay. Repeatable at any moment.
 * @throws state_malformed, GitError
 */
export async function layDownMirror(plan: LayDownPlan): Promise<LaidDown> {
  const { paths, laid, ...laying } = await layingOf(plan);
  const { folder } = paths;
  if (laid?.commit === plan.commit && !laid.unfinished) return { folder, aside: [] };
  if (laid === undefined && (await isAsPublished(plan, paths))) {
    await fence(paths, plan.note.hostName ?? 'pool', plan.clock);
    return { folder, aside: [] };
  }
  const store = await laying.files();
  await removeTree(store.dir);
  const aside = await laying.vacate();
  const files = laying.identities();
  await laying.put({});
  await writeLaid(paths, plan, { files });
  return { folder, aside };
}

/**
 * Puts a session where this machine can work on it: what `layDownMirror` does, with its branch and worktree. No worker
 * starts before the lease is claimed. What is here already, as published, is left as it is.
 * @throws state_malformed, branch_in_use, GitError
 */
export async function layDownForWork(plan: LayDownPlan, settings: HostSettings): Promise<LaidDown> {
  const { paths, draft, laid, ...laying } = await layingOf(plan);
  const { folder } = paths;
  if (laid === undefined && (await isAsPublished(plan, paths))) return { folder, aside: [] };
  const { commit, note, at, context } = plan;
  const { branch, head } = note;
  const worktreePath = join(at.worktreesDir, folder);
  await refuseUsed(plan, worktreePath);
  const store = await laying.files();
  const aside = [...(await laying.vacate()), ...(await moveWorktreeAside(plan, worktreePath))];
  if (branch !== undefined && head !== undefined) {
    aside.push(...(await moveBranch(plan, folder)));
    await writeLaid(draft, plan, { files: {}, worktree: worktreePath, unfinished: true });
    crashPoint('lay-down');
    await checkOutWorktree(store, { commit, head, branch, mainRepo: at.mainRepo, worktreePath });
    await writeWhole(draft.setup, SETUP_DUE);
  }
  const { configPath, mainRepo, worktreesDir } = at;
  const places: Places = { configPath, mainRepo, worktreesDir, worktreePath, settings };
  await writeWhole(draft.arrived, `${JSON.stringify(places)}\n`);
  // The states that a worker keeps here follow this one.
  const ref = stateRef(refNameOf({ ...note, folder }));
  await runGit(['update-ref', '--no-deref', ref, commit], { ...context, cwd: mainRepo });
  await laying.put(branch === undefined ? {} : { worktree: worktreePath });
  rmSync(paths.laidDown);
  return { folder, aside };
}

/** Marks a run folder that nobody here has worked on: it may be replaced. */
const Laid = Mirror.extend({
  commit: z.string(),
  /** The identity of each document, to see what a person typed since. */
  files: z.record(z.string(), z.string()),
  worktree: z.string().optional(),
  unfinished: z.literal(true).optional(),
});
type Laid = z.infer<typeof Laid>;

async function readLaid({ laidDown }: Pick<SessionPaths, 'laidDown'>): Promise<Laid | undefined> {
  return await plainJson(laidDown, MAX_LAID_BYTES, Laid);
}

async function writeLaid(
  { laidDown }: Pick<SessionPaths, 'laidDown'>,
  { commit, note, at }: LayDownPlan,
  laid: Pick<Laid, 'files' | 'worktree' | 'unfinished'>,
): Promise<void> {
  const { configPath, mainRepo, worktreesDir } = at;
  const text = JSON.stringify({ commit, head: note.head, configPath, mainRepo, worktreesDir, ...laid });
  await writeWhole(laidDown, `${text}\n`);
}

/** What is here, and the steps of laying down. */
async function layingOf(plan: LayDownPlan) {
  const { note, at, context, commit, clock } = plan;
  const paths = sessionPaths(at.sessionsDir, await folderFor(note, at.sessionsDir));
  const away = sessionPaths(at.sessionsDir, paths.folder, true);
  const draft = draftOf(at.sessionsDir, paths.folder);
  const begun = await readLaid(draft);
  const laid = statsAt(paths.runDir) === undefined ? begun : await readLaid(paths);
  const identitiesIn = (folder: string): Record<string, string> =>
    Object.fromEntries(
      filesBelow(folder, (name) => name !== '_logs').map((name) => [name, identityAt(join(folder, name))]),
    );

  /** Everything but the worktree, beside what is here. */
  async function files(): Promise<CheckpointStore> {
    // Of an interrupted try.
    const worktree = begun?.worktree ?? laid?.worktree;
    if (worktree !== undefined) await removeWorktree(plan, worktree);
    for (const folder of [draft.runDir, draft.sessionDir]) await removeTree(folder);
    const store = await openStore({
      ...context,
      mainRepo: at.mainRepo,
      storeDir: join(draft.runDir, 'checkpoints'),
    });
    await requireFit(store, commit);
    const parts = { run: draft.runDir, session: draft.sessionDir, logs: draft.logs };
    for (const [part, folder] of Object.entries(parts)) {
      mkdirSync(folder, { recursive: true });
      await checkOut(store, await treeIn(store, commit, part), folder);
    }
    const above = Math.max(note.lease, newestNumber(paths.leases) ?? 0);
    const owner = ownerElsewhere(note.hostName ?? 'pool');
    await giveLease(draft.leases, { owner, acquiredAt: isoUtc(clock.now()) }, above);
    return store;
  }

  /** Moves aside what somebody worked on, or typed. */
  async function vacate(): Promise<string[]> {
    // One that has not begun here has nothing that the state has not.
    const hasBegun = ((await readLog(paths))?.state.n ?? 0) > 0;
    if (laid === undefined && hasBegun && (await isPartOf(plan, paths)))
      return await clearWorktree(plan, paths);
    if (laid === undefined) return hasBegun ? await moveAside(plan, paths) : [];
    const now = Object.entries(identitiesIn(paths.sessionDir));
    if (laid.unfinished || now.every(([name, identity]) => laid.files[name] === identity)) return [];
    return moved([[paths.sessionDir, freeName(join(at.sessionsDir, `.${paths.folder}.typed`))]]);
  }

  async function put(made: Pick<Laid, 'worktree'>): Promise<void> {
    await writeLaid(draft, plan, { files: {}, ...made, unfinished: true });
    const old = { run: `${draft.runDir}.old`, session: `${draft.sessionDir}.old` };
    for (const folder of Object.values(old)) await removeTree(folder);
    moved([
      [paths.commands, draft.commands],
      [paths.runDir, old.run],
    ]);
    crashPoint('lay-down');
    renameSync(draft.runDir, paths.runDir);
    crashPoint('lay-down');
    moved([[paths.sessionDir, old.session]]);
    const { sessionDir } = (await isArchived(paths)) ? away : paths;
    await removeTree(away.sessionDir);
    mkdirSync(dirname(sessionDir), { recursive: true });
    renameSync(draft.sessionDir, sessionDir);
    for (const folder of Object.values(old)) await removeTree(folder);
  }

  return { paths, draft, laid, files, vacate, identities: () => identitiesIn(draft.sessionDir), put };
}

/** The session's name here: another session may have it. */
async function folderFor({ folder, id }: StateNote, sessionsDir: string): Promise<string> {
  const paths = sessionPaths(sessionsDir, folder);
  const there = await readSessionFile(paths).catch(() => undefined);
  const known = there ?? (await readSessionFile(draftOf(sessionsDir, folder)).catch(() => undefined));
  const { sessionDir: archived } = sessionPaths(sessionsDir, folder, true);
  const isFree = [paths.runDir, paths.sessionDir, archived].every((path) => statsAt(path) === undefined);
  return known?.id === id || (known === undefined && isFree)
    ? folder
    : `${folder}-${id.slice(-4).toLowerCase()}`;
}

async function isArchived(paths: SessionPaths): Promise<boolean> {
  return (await readLog(paths))?.state.archived ?? false;
}

/** Names that lists of sessions leave out. */
function draftOf(sessionsDir: string, folder: string): SessionPaths {
  return sessionPaths(sessionsDir, `.${folder}.new`);
}

const MAX_TOTAL_BYTES = 1024 * 1024 * 1024;

/** @throws state_malformed unless all that is laid down are plain files of bounded size with names of ours */
async function requireFit(store: CheckpointStore, commit: Oid): Promise<void> {
  const list = ['ls-tree', '-r', '-l', '-z', '--full-tree', commit, 'run', 'session', 'logs'];
  let total = 0;
  for (const entry of namesIn((await runGit(list, listing(repositoryOptions(store)))).stdout)) {
    const [, mode = '', size = '', path = ''] = /^(\d+) \w+ \w+ +(\S+)\t(.+)$/s.exec(entry) ?? [];
    const bytes = Number(size);
    total += bytes;
    const isPlain = (mode === '100644' || mode === '100755') && bytes <= MAX_STATE_FILE_BYTES;
    const isOurs = !path.startsWith('run/') || travels(path.slice('run/'.length));
    if (!isPlain || !isOurs || !isFine(path) || total > MAX_TOTAL_BYTES)
      throw STATE_ERRORS.state_malformed({
        commit,
        problem: `It holds ${readable(path)}, which no state may hold`,
      });
  }
}

function isFine(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names that no program of ours writes
  return !/(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)|[\x00-\x1f\\]/i.test(path);
}

/** Whether this machine published that state and nothing happened here since. */
async function isAsPublished(
  { commit, note, at, context }: LayDownPlan,
  paths: SessionPaths,
): Promise<boolean> {
  const main = { ...context, cwd: at.mainRepo, allowFailure: true };
  const ref = stateRef(refNameOf({ ...note, folder: paths.folder }));
  const trees = await gitLine(['rev-parse', `${ref}^{tree}`, `${commit}^{tree}`], main);
  const [own, published] = trees.split('\n');
  return own === published && ((await readLog(paths))?.state.n ?? 0) === note.n;
}

/** Whether all that happened here was published, and the state goes on from it. */
async function isPartOf({ commit, note, at, context }: LayDownPlan, paths: SessionPaths): Promise<boolean> {
  const mark = readMark(paths);
  if (mark === undefined) return false;
  const main = { ...context, cwd: at.mainRepo, allowFailure: true };
  const ref = stateRef(refNameOf({ ...note, folder: paths.folder }));
  const trees = await gitLine(['rev-parse', `${ref}^{tree}`, `${mark.published}^{tree}`], main);
  const [own, published] = trees.split('\n');
  const text = await gitLine(['log', '-1', '--no-patch', '--format=%B', mark.published], main);
  return (
    own === published &&
    ((await readLog(paths))?.state.n ?? 0) ===
      z.object({ n: z.number() }).safeParse(parseJson(text)).data?.n &&
    (await gitSaysYes(['merge-base', '--is-ancestor', mark.published, commit], main))
  );
}

/** Removes the worktree of before; one with changes is moved aside, since a person may have made them. */
async function clearWorktree(plan: LayDownPlan, { folder }: SessionPaths): Promise<string[]> {
  const path = join(plan.at.worktreesDir, folder);
  if (statsAt(path) === undefined) return [];
  const changes = await runGit(['status', '--porcelain'], { ...plan.context, cwd: path, allowFailure: true });
  if (changes.exitCode !== 0 || changes.stdout !== '') return await moveWorktreeAside(plan, path);
  await removeWorktree(plan, path);
  return [];
}

/** @throws branch_in_use when the branch is checked out elsewhere */
async function refuseUsed(
  { note: { branch }, at, context }: LayDownPlan,
  worktreePath: string,
): Promise<void> {
  const used = (await listWorktrees(at.mainRepo, context)).find(
    (each) => each.branch === branch && each.path !== worktreePath,
  );
  if (branch === undefined || used === undefined || used.prunable) return;
  throw WORKTREE_ERRORS.branch_in_use({ branch, path: used.path, prunable: false });
}

/** Moves the branch to the commit of the state. @returns the ref that keeps commits which are not part of it */
async function moveBranch({ note, at, context }: LayDownPlan, folder: string): Promise<string[]> {
  const { branch, head = '', epoch } = note;
  const main = { ...context, cwd: at.mainRepo };
  const ref = `refs/heads/${branch}`;
  const tip = await commitOf(ref, main);
  if (tip === head) return [];
  // Somebody's own branch, whatever a member of the pool says; one of the session has left a state here.
  const isOfSession = (await commitOf(stateRef(refNameOf({ ...note, folder })), main)) !== undefined;
  if (tip !== undefined && !isOfSession) throw STATE_ERRORS.branch_taken({ branch: branch ?? '' });
  const isBehind = tip === undefined || (await gitSaysYes(['merge-base', '--is-ancestor', tip, head], main));
  const lost = `${refsOf(refNameOf({ ...note, folder }))}lost/${epoch}-${tip?.slice(0, 12)}`;
  if (!isBehind) await runGit(['update-ref', '--no-deref', lost, tip], main);
  await runGit(['update-ref', '--no-deref', ref, head, tip ?? '0'.repeat(head.length)], main);
  return isBehind ? [] : [lost];
}

/** Moves aside a session of before, with its worktree. */
async function moveAside(plan: LayDownPlan, paths: SessionPaths): Promise<string[]> {
  const { note, at, clock } = plan;
  // Nothing goes on with it.
  if (statsAt(paths.runDir) !== undefined) await fence(paths, note.hostName ?? 'pool', clock);
  const folders = [paths.runDir, paths.sessionDir].map((path) => [path, lostName(path, note)] as const);
  return [...moved(folders), ...(await moveWorktreeAside(plan, join(at.worktreesDir, paths.folder)))];
}

/** It leaves its branch, and stays a worktree. */
async function moveWorktreeAside({ note, at, context }: LayDownPlan, path: string): Promise<string[]> {
  if (statsAt(path) === undefined) return [];
  const gitDir = await gitDirOf(path).catch(() => undefined);
  // Any other folder would be part of the main checkout.
  if (gitDir !== undefined) {
    const inside = { ...context, cwd: path, env: { GIT_DIR: gitDir }, allowFailure: true };
    const head = await commitOf('HEAD', inside);
    if (head !== undefined) await runGit(['update-ref', '--no-deref', 'HEAD', head], inside);
  }
  const [to = ''] = moved([[path, lostName(path, note)]]);
  await runGit(['worktree', 'repair', '--', to], { ...context, cwd: at.mainRepo, allowFailure: true });
  return [to];
}

function lostName(path: string, { epoch }: StateNote): string {
  return freeName(`${path}.lost-${epoch}`);
}

async function removeWorktree({ at, context }: LayDownPlan, path: string): Promise<void> {
  const remove = ['worktree', 'remove', '--force', '--force', '--', path];
  await runGit(remove, { ...context, cwd: at.mainRepo, allowFailure: true });
  await removeTree(path);
}

/** Renames what exists. @returns the new paths */
function moved(pairs: readonly (readonly [from: string, to: string])[]): string[] {
  const present = pairs.filter(([from]) => statsAt(from) !== undefined);
  for (const [from, to] of present) renameSync(from, to);
  return present.map(([, to]) => to);
}

function freeName(path: string, count = 1): string {
  const name = count === 1 ? path : `${path}-${count}`;
  return statsAt(name) === undefined ? name : freeName(path, count + 1);
}
