import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../caller/context/context.ts';
import { findProjectFor, type ProjectQuestion } from '../../caller/context/find-project-for.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { isRunning } from '../../kernel/processes/process-table.ts';
import { dropCheckpoints, sizeOfCheckpoints } from '../../project/checkpoints/checkpoint-refs.ts';
import { removeTree } from '../../project/git/remove-tree.ts';
import { BASE_RESULTS } from '../../project/proving/base-results.ts';
import { checksRoots } from '../../project/worktrees/checks-root.ts';
import { hasNothingPending } from '../../session/events/rest.ts';
import { readSession } from '../../session/folder/read-session.ts';
import { readAllSessions } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { refNameOf } from '../../session/layout/names.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { ownerOfClone } from '../proof/checks-on-clone.ts';
import { diskUsage } from './worktrees.act.ts';

export const PRUNE_AFTER_DAYS = 30;
const DAY_MS = 24 * 60 * 60_000;

export interface PruneInput extends ProjectQuestion {
  remove: boolean;
  /** Keeps data younger than this; 0 keeps none. */
  days: number;
}

/**
 * `iterations`: prompts, transcripts and output of checks of an ended session; `checkpoints`: its snapshots, without
 * which it cannot be rewound; `clone`: left by interrupted checks; `cache`: what checks found on base commits
 * no longer in use.
 */
export type PrunableKind = 'iterations' | 'checkpoints' | 'clone' | 'cache';

export interface Prunable {
  kind: PrunableKind;
  name: string;
  bytes: number | undefined;
}

interface Found extends Prunable {
  /** @returns false if it is needed again */
  remove(): Promise<boolean>;
}

export interface Pruned {
  found: Prunable[];
  /** With `remove`: what was removed; the rest of `found` was needed again. */
  removed: Prunable[];
}

/**
 * Finds the data on disk that old sessions of a project no longer need, and with `remove` removes it. Never includes
 * events, documents, proofs or branches.
 */
export async function prune(
  { remove, days, ...question }: PruneInput,
  context: ActionContext,
): Promise<Pruned> {
  if (remove) await refuseFromInside(context);
  const { mainRepo, values } = await findProjectFor(question, context);
  const before = context.clock.now() - days * DAY_MS;
  const views = await readAllSessions(values.sessions, context.host);
  const old = views.filter((view) => isOver(view) && lastEventMs(view) <= before);
  const place = { mainRepo, baseEnv: context.env };
  const lists: Found[][] = [];
  // Sequential, because each starts programs that read much of the disk.
  for (const view of old) lists.push(await ofSession(view, place, context));
  lists.push(await ofClones(values.worktrees, before, { views, host: context.host }));
  const found = lists.flat().sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0));
  const removed: Prunable[] = [];
  if (remove) for (const each of found) if (await each.remove()) removed.push(plain(each));
  return { found: found.map(plain), removed };
}

function plain({ kind, name, bytes }: Found): Prunable {
  return { kind, name, bytes };
}

function isOver(view: SessionView): boolean {
  const { status, archived } = view.state;
  const isEnded = archived || status.kind === 'done';
  return isEnded && view.worker === 'none' && hasNothingPending(view);
}

/** Includes later events, because a session can be archived long after its end. */
function lastEventMs({ paths, state }: SessionView): number {
  return Math.max(Date.parse(state.status.since), statsAt(paths.events)?.mtimeMs ?? 0);
}

type Place = { mainRepo: string; baseEnv: NodeJS.ProcessEnv };

async function ofSession(
  view: SessionView,
  { mainRepo, baseEnv }: Place,
  { host }: ActionContext,
): Promise<Found[]> {
  const { folder, paths } = view;
  // Measuring takes a while; the session might have been resumed in the meantime.
  const stillOver = async () => {
    const now = await readSession(paths, host);
    return now !== undefined && isOver(now);
  };
  const { logs } = sessionPaths(paths.sessionsDir, folder, view.state.archived);
  const outputs = entriesOf(logs).map((name) => join(logs, name));
  const files = [...entriesOf(paths.iterations).map((name) => join(paths.iterations, name)), ...outputs];
  const git = { cwd: mainRepo, baseEnv };
  const refName = view.sessionFile === undefined ? folder : refNameOf(view.sessionFile);
  const { refs, bytes } = await sizeOfCheckpoints(refName, git);
  const found: Found[] = [];
  if (files.length > 0)
    found.push({
      kind: 'iterations',
      name: folder,
      bytes: await diskUsage(files),
      remove: async () => {
        if (!(await stillOver())) return false;
        for (const path of files) await rm(path, { recursive: true, force: true });
        return true;
      },
    });
  if (refs > 0)
    found.push({
      kind: 'checkpoints',
      name: folder,
      bytes,
      remove: async () => (await stillOver()) && (await dropCheckpoints(refName, git)).length > 0,
    });
  return found;
}

/**
 * Recent clones might be in use by checks. A worker removes its own clones when it starts; the names of other
 * clones say who owns them.
 */
async function ofClones(
  worktreesDir: string,
  before: number,
  { views, host }: { views: readonly SessionView[] } & Pick<ActionContext, 'host'>,
): Promise<Found[]> {
  const working = new Set(views.filter(({ worker }) => worker !== 'none').map(({ folder }) => folder));
  const candidates = checksRoots(worktreesDir).flatMap((root) => {
    const cache = join(root, BASE_RESULTS);
    const clones = entriesOf(root).filter((name) => name !== BASE_RESULTS && !working.has(name));
    return [
      ...clones.map((name) => ({ kind: 'clone' as const, name, path: join(root, name) })),
      ...entriesOf(cache).map((name) => ({ kind: 'cache' as const, name, path: join(cache, name) })),
    ];
  });
  const found: Found[] = [];
  for (const { path, ...one } of candidates) {
    const owner = ownerOfClone(one.name);
    if (owner !== undefined && isRunning(await host.processes.read(owner))) continue;
    const stats = statsAt(path);
    if (stats === undefined || stats.mtimeMs > before) continue;
    const remove = async () => {
      await removeTree(path);
      return true;
    };
    found.push({ ...one, bytes: await diskUsage([path]), remove });
  }
  return found;
}

/** Agents can write to a session's folder: a link there must not redirect the removal. */
function entriesOf(folder: string): string[] {
  return statsAt(folder)?.isDirectory() ? (namesAt(folder) ?? []) : [];
}
