import { mkdir, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { keepCheckpoint } from '../../src/core/project/checkpoints/checkpoint.ts';
import { stateRef } from '../../src/core/project/checkpoints/checkpoint-refs.ts';
import { openStore } from '../../src/core/project/checkpoints/checkpoint-store.ts';
import type { HostSettings } from '../../src/core/session/events/bodies/positions.ts';
import { refNameOf } from '../../src/core/session/layout/names.ts';
import { type SessionPaths, sessionPaths } from '../../src/core/session/layout/paths.ts';
import type { StateManifest } from '../../src/extensions/pool/board/state-manifest.ts';
import { publishedCommit } from '../../src/extensions/pool/states/pool-states.ts';
import { type PublishedStatePlan, restoreCopy } from '../../src/extensions/pool/states/restore-state.ts';
import { commitState } from '../../src/extensions/pool/states/state-commit.ts';
import { CREATED, PREPARED, writeEvents } from '../core/unit/session/events.ts';
import { type CheckpointScene, checkpointScene, FOLDER } from './checkpoint-scene.ts';
import { sessionFileSample } from './session-file-sample.ts';

const ID = sessionFileSample().id;
const PUBLISHED = `refs/samocode/pool/sessions/${ID}`;

/** A session on one machine of a pool, and a clone of its repository on another. */
export interface PoolScene extends AsyncDisposable {
  here: CheckpointScene;
  /** The session as it will be there. */
  there: SessionPaths;
  worktreeThere: string;
  mainRepo: string;
  /** Keeps and publishes the session as it is now, and fetches that there. */
  publish(change?: Partial<StateManifest>): Promise<string>;
  /** For what was published last. */
  plan(change?: Partial<StateManifest>): PublishedStatePlan;
  mirror(change?: Partial<StateManifest>): ReturnType<typeof restoreCopy>;
  /** In the repository of the other machine. */
  git(...args: string[]): Promise<string>;
}

export const OWN_SETTINGS: HostSettings = {
  cliPaths: {},
  permissions: 'skip',
  sandbox: 'off',
  checks: ['true'],
  setup: 'echo again >> set-up.txt',
  openings: { write: [], sockets: [], read: [], hosts: [], env: [], ports: [] },
  proving: { in: 'worktree', fast: [], copy: [], timeoutMs: 60_000 },
};

export async function poolScene(): Promise<PoolScene> {
  const here = await checkpointScene();
  const { repo, place } = here;
  const sessionsDir = join(repo.path, '_samocode/sessions');
  const file = sessionFileSample({ mainRepo: repo.path, sessionsDir, pool: true });
  const paths = sessionPaths(sessionsDir, FOLDER);
  await writeEvents(paths, [CREATED, PREPARED], undefined, { mainRepo: repo.path, pool: true });
  const mainRepo = join(repo.root, 'other');
  await repo.git(['clone', '--quiet', repo.path, mainRepo]);
  const at = {
    configPath: join(mainRepo, '.samocode'),
    mainRepo,
    sessionsDir: join(mainRepo, '_samocode/sessions'),
    worktreesDir: join(mainRepo, '_samocode/worktrees'),
  };
  await mkdir(at.sessionsDir, { recursive: true });
  const options = { cwd: repo.path, baseEnv: repo.env };
  let last: { commit: string; manifest: StateManifest } | undefined;
  const git = (...args: string[]) => repo.git(args, mainRepo);
  function plan(change: Partial<StateManifest> = {}): PublishedStatePlan {
    if (last === undefined) throw new Error('Nothing was published.');
    const manifest = { ...last.manifest, ...change };
    return { commit: last.commit, manifest, at, context: { baseEnv: repo.env }, clock: systemClock };
  }
  return {
    here,
    mainRepo,
    git,
    plan,
    there: sessionPaths(at.sessionsDir, FOLDER),
    worktreeThere: join(at.worktreesDir, FOLDER),
    async publish(change = {}) {
      const sessionFolder = refNameOf(file);
      const { worktreeTree } = await keepCheckpoint({ ...place, moment: { kind: 'after', iteration: 1 } });
      const files = [
        ...(await filesBelow(paths.sessionDir, 'session', '_logs')),
        ...(await filesBelow(paths.runDir, 'run', 'checkpoints')),
        ...(await filesBelow(paths.logs, 'logs')),
      ];
      const card = { status: 'running', phase: 'planning', iteration: 1, at: '2026-01-08T10:00:00.000Z' };
      const kept = { ...card, id: ID, folder: FOLDER, branch: 'x', n: 2, lease: 4 };
      await commitState(await openStore(place), { sessionFolder, worktreeTree, files, kept });
      const head = await repo.git(['rev-parse', 'x']);
      const manifest: StateManifest = {
        v: 1,
        id: ID,
        project: '1'.repeat(40),
        folder: FOLDER,
        branch: 'x',
        head,
        n: 2,
        lease: 4,
        card,
        version: '0',
        host: 'host-a',
        hostName: 'anna',
        epoch: 3,
        wanted: true,
        needs: [],
        ...change,
      };
      const state = await repo.git(['rev-parse', stateRef(sessionFolder)]);
      const commit = await publishedCommit({ state, before: last?.commit, manifest }, options);
      await repo.git(['push', '--quiet', '--force', mainRepo, `${commit}:${PUBLISHED}`]);
      last = { commit, manifest };
      return commit;
    },
    mirror: (change) => restoreCopy(plan(change)),
    [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose](),
  };
}

async function filesBelow(folder: string, as: string, without?: string): Promise<[string, string][]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => without === undefined || !relative(folder, path).startsWith(without))
    .map((path) => [`${as}/${relative(folder, path)}`, path]);
}
