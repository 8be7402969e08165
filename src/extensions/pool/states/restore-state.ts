import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Clock } from '../../../core/kernel/clock.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { gitDirOf } from '../../../core/kernel/files/git-pointer.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { plainJson } from '../../../core/kernel/files/plain-file.ts';
import { newestNumber } from '../../../core/kernel/processes/lease.ts';
import { addCheckpoints, refPrefix, stateRef } from '../../../core/project/checkpoints/checkpoint-refs.ts';
import {
  type CheckpointStore,
  openStore,
  repositoryOptions,
  treeIn,
} from '../../../core/project/checkpoints/checkpoint-store.ts';
import { gitLine, runGit } from '../../../core/project/git/git.ts';
import { listing, namesIn, readable } from '../../../core/project/git/path-bytes.ts';
import { removeTree } from '../../../core/project/git/remove-tree.ts';
import { commitOf, type GitContext, isAncestor } from '../../../core/project/git/repository.ts';
import { listWorktrees } from '../../../core/project/git/worktree-list.ts';
import { WORKTREE_ERRORS } from '../../../core/project/worktrees/worktree-errors.ts';
import type { Arrived, HostSettings } from '../../../core/session/events/bodies/positions.ts';
import { ownedElsewhere, replaceSession, setAside } from '../../../core/session/folder/ownership.ts';
import { makeRunRoot } from '../../../core/session/folder/run-folders.ts';
import { Mirror } from '../../../core/session/layout/mirror.ts';
import { refNameOf } from '../../../core/session/layout/names.ts';
import { AUTO_ASSIGN } from '../../../core/session/layout/owners.ts';
import { SETUP_DUE, type SessionPaths, sessionPaths, travels } from '../../../core/session/layout/paths.ts';
import { readLog } from '../../../core/session/log/event-log.ts';
import { readSessionFile } from '../../../core/session/log/read-session-file.ts';
import type { Oid } from '../board/board.ts';
import type { StateManifest } from '../board/state-manifest.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { checkOut, checkOutWorktree } from './check-out.ts';
import { identitiesIn, isEditedCopy } from './copies.ts';
import { leftBehind } from './left-behind.ts';
import { readOwnership } from './ownership-record.ts';
import { messageIn } from './plain-commit.ts';
import { isSafePath, MAX_STATE_BYTES, MAX_STATE_FILE_BYTES } from './state-commit.ts';

export interface PublishedStatePlan {
  /** The published state, already fetched and read. */
  commit: Oid;
  manifest: StateManifest;
  /** The folders of the project on this machine. */
  at: Record<'configPath' | 'mainRepo' | 'sessionsDir' | 'worktreesDir', string>;
  context: GitContext;
  clock: Pick<Clock, 'now'>;
  /** The machine that has the session; default: none has it. */
  hostName?: string | undefined;
}

export interface RestoredState {
  folder: string;
  /** Paths and refs to which earlier local work was moved, to show to people. */
  aside: string[];
}

function ownerOf({ hostName = AUTO_ASSIGN }: PublishedStatePlan): string {
  return hostName;
}

/**
 * Copies a session that this machine does not hold, so that it can be shown here: its documents and its machine
 * state replace the previous copy. The copy's lease names a worker on another machine. Commands that wait here are
 * kept. Safe to repeat after an interruption at any point.
 */
export async function restoreCopy(plan: PublishedStatePlan): Promise<RestoredState> {
  const { paths, mark, ...steps } = await prepareRestore(plan);
  const { folder } = paths;
  if (mark?.commit === plan.commit && !mark.unfinished) return { folder, aside: [] };
  if (mark === undefined && (await isSavedHere(plan, paths))) {
    await ownedElsewhere(paths, ownerOf(plan), plan);
    return { folder, aside: [] };
  }
  const store = await steps.checkOutFiles();
  await removeTree(store.dir);
  const aside = await steps.moveExistingAside();
  const files = identitiesIn(steps.draft.sessionDir);
  await steps.activate({});
  await writeCopyMark(paths, plan, { files });
  return { folder, aside };
}

/**
 * Copies a session as `restoreCopy` does, and adds its branch and worktree, so that this machine can work on it.
 * No worker starts before the lease is claimed. Changes nothing if this machine already has the published state.
 */
export async function restoreForWork(
  plan: PublishedStatePlan,
  settings: HostSettings,
): Promise<RestoredState> {
  const { paths, draft, mark, ...steps } = await prepareRestore(plan);
  const { folder } = paths;
  if (mark === undefined && (await isSavedHere(plan, paths))) return { folder, aside: [] };
  const { commit, manifest, at, context } = plan;
  const { branch, head } = manifest;
  const worktreePath = join(at.worktreesDir, folder);
  await requireBranchFree(plan, worktreePath);
  const store = await steps.checkOutFiles();
  const aside = [...(await steps.moveExistingAside()), ...(await moveWorktreeAside(plan, worktreePath))];
  if (branch !== undefined && head !== undefined) {
    aside.push(...(await moveBranch(plan, folder)));
    await writeCopyMark(draft, plan, { files: {}, worktree: worktreePath, unfinished: true });
    crashPoint('restore-state');
    const left = (manifest.left?.files ?? []).map(({ path }) => path);
    await checkOutWorktree(store, { commit, head, branch, left, mainRepo: at.mainRepo, worktreePath });
    await writeWhole(draft.setup, SETUP_DUE);
  }
  const { configPath, mainRepo, worktreesDir } = at;
  const places = { configPath, mainRepo, worktreesDir, worktreePath, settings };
  const arrived: Arrived = { ...places, left: leftBehind(manifest.left) };
  await writeWhole(draft.arrived, `${JSON.stringify(arrived)}\n`);
  // The next state that a worker saves here gets this one as its parent.
  const name = refNameOf({ ...manifest, folder });
  await runGit(['update-ref', '--no-deref', stateRef(name), commit], { ...context, cwd: mainRepo });
  await addCheckpoints(name, { commit, named: manifest.checkpoints }, { ...context, cwd: mainRepo });
  await steps.activate(branch === undefined ? {} : { worktree: worktreePath });
  rmSync(paths.copyMark);
  return { folder, aside };
}

/** Marks a run folder as a copy that no worker here has changed, so that it may be replaced. */
const CopyMark = Mirror.extend({
  commit: z.string(),
  /** The identity of each document when it was copied; a different one means that a person edited it. */
  files: z.record(z.string(), z.string()),
  worktree: z.string().optional(),
  unfinished: z.literal(true).optional(),
});
export type CopyMark = z.infer<typeof CopyMark>;

export async function readCopyMark({
  copyMark,
}: Pick<SessionPaths, 'copyMark'>): Promise<CopyMark | undefined> {
  return await plainJson(copyMark, CopyMark);
}

async function writeCopyMark(
  { copyMark }: Pick<SessionPaths, 'copyMark'>,
  { commit, manifest, at }: PublishedStatePlan,
  mark: Pick<CopyMark, 'files' | 'worktree' | 'unfinished'>,
): Promise<void> {
  const { configPath, mainRepo, worktreesDir } = at;
  const text = JSON.stringify({ commit, head: manifest.head, configPath, mainRepo, worktreesDir, ...mark });
  await writeWhole(copyMark, `${text}\n`);
}

/** Reads the local state of the session and returns the steps of the restore. */
async function prepareRestore(plan: PublishedStatePlan) {
  const { manifest, at, context, commit, clock } = plan;
  const paths = sessionPaths(at.sessionsDir, await folderFor(manifest, at.sessionsDir));
  const draft = draftPaths(at.sessionsDir, paths.folder);
  const draftMark = await readCopyMark(draft);
  const mark = statsAt(paths.runDir) === undefined ? draftMark : await readCopyMark(paths);

  /** Checks out everything except the worktree into draft folders. */
  async function checkOutFiles(): Promise<CheckpointStore> {
    // An interrupted attempt may have left a worktree.
    const worktree = draftMark?.worktree ?? mark?.worktree;
    if (worktree !== undefined) await removeWorktree(plan, worktree);
    for (const folder of [draft.runDir, draft.sessionDir]) await removeTree(folder);
    const store = await openStore({
      ...context,
      mainRepo: at.mainRepo,
      storeDir: draft.checkpoints,
    });
    await requireValidFiles(store, commit);
    await makeRunRoot(at.sessionsDir);
    const parts = { run: draft.runDir, session: draft.sessionDir, logs: draft.logs };
    for (const [part, folder] of Object.entries(parts)) {
      makeFolder(folder);
      await checkOut(store, await treeIn(store, commit, part), folder);
    }
    await requireSameBranch(plan, draft);
    const above = Math.max(manifest.lease, newestNumber(paths.leases) ?? 0);
    await ownedElsewhere(draft, ownerOf(plan), { clock, above });
    return store;
  }

  /** Moves local work and edited documents out of the way. @returns their new paths */
  async function moveExistingAside(): Promise<string[]> {
    // Without events, the local session contains nothing that the published state lacks.
    const hasBegun = ((await readLog(paths))?.state.n ?? 0) > 0;
    if (mark === undefined && hasBegun && (await includesLocalState(plan, paths)))
      return await clearWorktree(plan, paths);
    if (mark === undefined) return hasBegun ? await moveSessionAside(plan, paths) : [];
    if (mark.unfinished || !isEditedCopy(paths, mark)) return [];
    return setAside(paths.sessionDir, freeName(join(at.sessionsDir, `.${paths.folder}.typed`)));
  }

  async function activate(made: Pick<CopyMark, 'worktree'>): Promise<void> {
    await writeCopyMark(draft, plan, { files: {}, ...made, unfinished: true });
    await replaceSession(paths, draft, {
      keepsCommands: true,
      remove: removeTree,
    });
  }

  return { paths, draft, mark, checkOutFiles, moveExistingAside, activate };
}

/** The session's folder name here, with a suffix if another session has the name. */
async function folderFor({ folder, id }: StateManifest, sessionsDir: string): Promise<string> {
  const paths = sessionPaths(sessionsDir, folder);
  const there = await readSessionFile(paths).catch(() => undefined);
  const known = there ?? (await readSessionFile(draftPaths(sessionsDir, folder)).catch(() => undefined));
  const { sessionDir: archived } = sessionPaths(sessionsDir, folder, true);
  const isFree = [paths.runDir, paths.sessionDir, archived].every((path) => statsAt(path) === undefined);
  return known?.id === id || (known === undefined && isFree)
    ? folder
    : `${folder}-${id.slice(-4).toLowerCase()}`;
}

/** The paths of the draft. Session lists skip names that begin with a dot. */
function draftPaths(sessionsDir: string, folder: string): SessionPaths {
  return sessionPaths(sessionsDir, `.${folder}.new`);
}

async function requireValidFiles(store: CheckpointStore, commit: Oid): Promise<void> {
  const list = ['ls-tree', '-r', '-l', '-z', '--full-tree', commit, 'run', 'session', 'logs'];
  let total = 0;
  for (const entry of namesIn((await runGit(list, listing(repositoryOptions(store)))).stdout)) {
    const [, mode = '', size = '', path = ''] = /^(\d+) \w+ \w+ +(\S+)\t(.+)$/s.exec(entry) ?? [];
    const bytes = Number(size);
    total += bytes;
    const isPlain = (mode === '100644' || mode === '100755') && bytes <= MAX_STATE_FILE_BYTES;
    const isOurs = !path.startsWith('run/') || travels(path.slice('run/'.length));
    if (!isPlain || !isOurs || !isSafePath(path) || total > MAX_STATE_BYTES)
      throw POOL_ERRORS.state_malformed({
        commit,
        problem: `It contains ${readable(path)}, which is not allowed in a state`,
      });
  }
}

async function requireSameBranch(
  { commit, manifest }: PublishedStatePlan,
  draft: SessionPaths,
): Promise<void> {
  const branch = (await readLog(draft))?.state.worktree?.branch;
  if (branch === undefined || branch === manifest.branch) return;
  throw POOL_ERRORS.state_malformed({ commit, problem: 'Its events name another branch than its manifest' });
}

/** Whether this machine saved that state, by default the one to restore, and has recorded nothing since. */
async function isSavedHere(
  { commit, manifest, at, context }: PublishedStatePlan,
  paths: SessionPaths,
  state = { commit, n: manifest.n },
): Promise<boolean> {
  const main = { ...context, cwd: at.mainRepo, allowFailure: true };
  const ref = stateRef(refNameOf({ ...manifest, folder: paths.folder }));
  const trees = await gitLine(['rev-parse', `${ref}^{tree}`, `${state.commit}^{tree}`], main);
  const [own, published] = trees.split('\n');
  return own === published && ((await readLog(paths))?.state.n ?? 0) === state.n;
}

/** Whether everything recorded here was published in an ancestor of the state. */
async function includesLocalState(plan: PublishedStatePlan, paths: SessionPaths): Promise<boolean> {
  const { published: commit } = readOwnership(paths) ?? {};
  if (commit === undefined) return false;
  const main = { ...plan.context, cwd: plan.at.mainRepo, allowFailure: true };
  const published = await messageIn(commit, z.object({ n: z.number() }), main);
  return (
    published !== undefined &&
    (await isSavedHere(plan, paths, { commit, ...published })) &&
    (await isAncestor(commit, plan.commit, main))
  );
}

/** Removes the previous worktree, or moves it if it has changes, since a person may have made them. */
async function clearWorktree(plan: PublishedStatePlan, { folder }: SessionPaths): Promise<string[]> {
  const path = join(plan.at.worktreesDir, folder);
  if (statsAt(path) === undefined) return [];
  const changes = await runGit(['status', '--porcelain'], { ...plan.context, cwd: path, allowFailure: true });
  if (changes.exitCode !== 0 || changes.stdout !== '') return await moveWorktreeAside(plan, path);
  await removeWorktree(plan, path);
  return [];
}

async function requireBranchFree(
  { manifest: { branch }, at, context }: PublishedStatePlan,
  worktreePath: string,
): Promise<void> {
  const used = (await listWorktrees(at.mainRepo, context)).find(
    (each) => each.branch === branch && each.path !== worktreePath,
  );
  if (branch === undefined || used === undefined || used.prunable) return;
  throw WORKTREE_ERRORS.branch_in_use({ branch, path: used.path, prunable: false });
}

/** Moves the branch to the state's commit. @returns the ref that keeps commits which the state does not include */
async function moveBranch({ manifest, at, context }: PublishedStatePlan, folder: string): Promise<string[]> {
  const { branch, head = '', epoch } = manifest;
  const main = { ...context, cwd: at.mainRepo };
  const ref = `refs/heads/${branch}`;
  const tip = await commitOf(ref, main);
  const name = refNameOf({ ...manifest, folder });
  const made = `${refPrefix(name)}made/${branch}`;
  // Of a session that began here, the state that this machine saved last.
  const saved = await messageIn(stateRef(name), z.object({ branch: z.string() }), {
    ...main,
    allowFailure: true,
  });
  const isOfSession = saved?.branch === branch || (await commitOf(made, main)) !== undefined;
  // One that was here before the session is its person's, whatever a pool member names.
  if (tip !== undefined && !isOfSession) throw POOL_ERRORS.branch_taken({ branch: branch ?? '' });
  if (tip === head) return [];
  const lost = `${refPrefix(name)}lost/${epoch}-${tip?.slice(0, 12)}`;
  if (tip !== undefined) await runGit(['update-ref', '--no-deref', lost, tip], main);
  // In one transaction: after an interruption, the second ref shows that the branch was made for the session.
  const moves = [`update ${ref} ${head} ${tip ?? '0'.repeat(head.length)}`, `update ${made} ${head}`];
  await runGit(['update-ref', '--no-deref', '--stdin'], { ...main, input: `${moves.join('\n')}\n` });
  const isBehind = tip === undefined || (await isAncestor(tip, head, main));
  return isBehind ? [] : [lost];
}

async function moveSessionAside(plan: PublishedStatePlan, paths: SessionPaths): Promise<string[]> {
  const { manifest, at, clock } = plan;
  // Takes its lease first, so that no worker continues it.
  if (statsAt(paths.runDir) !== undefined) await ownedElsewhere(paths, ownerOf(plan), { clock });
  // Hidden: it has the id of the session, and would be listed as running elsewhere.
  const hidden = (path: string) => join(dirname(path), `.${paths.folder}`);
  const moved = [paths.runDir, paths.sessionDir].flatMap((path) =>
    setAside(path, lostName(hidden(path), manifest)),
  );
  return [...moved, ...(await moveWorktreeAside(plan, join(at.worktreesDir, paths.folder)))];
}

/** Detaches the worktree from its branch and renames it; it remains a valid worktree. */
async function moveWorktreeAside(
  { manifest, at, context }: PublishedStatePlan,
  path: string,
): Promise<string[]> {
  if (statsAt(path) === undefined) return [];
  const gitDir = await gitDirOf(path).catch(() => undefined);
  // In a folder without a .git file, git would act on the main checkout.
  if (gitDir !== undefined) {
    const inside = { ...context, cwd: path, env: { GIT_DIR: gitDir }, allowFailure: true };
    const head = await commitOf('HEAD', inside);
    if (head !== undefined) await runGit(['update-ref', '--no-deref', 'HEAD', head], inside);
  }
  const [to = ''] = setAside(path, lostName(path, manifest));
  await runGit(['worktree', 'repair', '--', to], { ...context, cwd: at.mainRepo, allowFailure: true });
  return [to];
}

function lostName(path: string, { epoch }: StateManifest): string {
  return freeName(`${path}.lost-${epoch}`);
}

async function removeWorktree({ at, context }: PublishedStatePlan, path: string): Promise<void> {
  const remove = ['worktree', 'remove', '--force', '--force', '--', path];
  await runGit(remove, { ...context, cwd: at.mainRepo, allowFailure: true });
  await removeTree(path);
}

function freeName(path: string, count = 1): string {
  const name = count === 1 ? path : `${path}-${count}`;
  return statsAt(name) === undefined ? name : freeName(path, count + 1);
}
