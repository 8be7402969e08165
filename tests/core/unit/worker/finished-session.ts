import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Channel } from '../../../../src/core/session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { GitGuard } from '../../../../src/core/worker/state/git-guard.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { WorkerGuard } from '../../../../src/core/worker/state/worker-guard.ts';
import type { TempLog } from '../../../support/temp-log.ts';
import type { TempRepo } from '../../../support/temp-repo.ts';
import { CREATED, PREPARED } from '../session/events.ts';
import { workerOn } from './worker-on.ts';

export const DONE: NewEvent = { type: 'done', summary: 'x' };

export interface FinishedPlan {
  branch?: string;
  base?: string;
  files?: Record<string, string>;
  gateChannels?: Channel[];
  events?: NewEvent[];
}

/** The worker of a finished session that has no checks and committed `files` on its branch. */
export async function finished(log: TempLog, repo: TempRepo, plan: FinishedPlan = {}): Promise<Worker> {
  const {
    branch = 'samocode/x',
    base = 'main',
    files = { 'a.txt': 'work\n' },
    events = [DONE],
    gateChannels,
  } = plan;
  const baseCommit = await repo.git(['rev-parse', 'main']);
  await repo.git(['switch', '--quiet', '-c', branch]);
  await repo.commit('Work', files);
  await repo.git(['switch', '--quiet', 'main']);
  const path = join(repo.root, `worktree of ${branch.replace('/', ' ')}`);
  await repo.git(['worktree', 'add', '--quiet', path, branch]);
  const worktree = { path, branch, base, baseCommit };
  await mkdir(log.paths.sessionDir, { recursive: true });
  const worker = await workerOn(log, [CREATED, { ...PREPARED, worktree } as NewEvent, ...events], {
    file: { mainRepo: repo.path, worktreesDir: join(repo.root, 'worktrees') },
    settings: { sandbox: 'off', checks: [], ...(gateChannels && { gateChannels }) },
    ...{ given: {}, env: repo.env, rehearsalProgram: 'none' },
  });
  const git = new GitGuard(log.paths, worker.file, repo.env, () => worker.writer.state.sandbox);
  return Object.assign(worker, { git, guard: new WorkerGuard(worker) });
}
