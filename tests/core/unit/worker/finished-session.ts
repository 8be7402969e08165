import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import type { Channel } from '../../../../src/core/session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { Projector } from '../../../../src/core/worker/documents/projector.ts';
import { GitGuard } from '../../../../src/core/worker/state/git-guard.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { WorkerGuard } from '../../../../src/core/worker/state/worker-guard.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import type { TempLog } from '../../../support/temp-log.ts';
import type { TempRepo } from '../../../support/temp-repo.ts';
import { CREATED, PREPARED } from '../session/events.ts';

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
  const { branch = 'samocode/x', base = 'main', files = { 'a.txt': 'work\n' }, events = [DONE] } = plan;
  const baseCommit = await repo.git(['rev-parse', 'main']);
  await repo.git(['switch', '--quiet', '-c', branch]);
  await repo.commit('Work', files);
  await repo.git(['switch', '--quiet', 'main']);
  const path = join(repo.root, `worktree of ${branch.replace('/', ' ')}`);
  await repo.git(['worktree', 'add', '--quiet', path, branch]);
  const { writer } = await log.open();
  const worktree = { path, branch, base, baseCommit };
  await writer.append(CREATED, { ...PREPARED, worktree } as NewEvent, ...events);
  await mkdir(log.paths.sessionDir, { recursive: true });
  const { folder, sessionsDir } = log.paths;
  const sample = sessionFileSample({
    folder,
    sessionsDir,
    mainRepo: repo.path,
    worktreesDir: join(repo.root, 'worktrees'),
  });
  const { gateChannels = sample.settings.gateChannels } = plan;
  const file = {
    ...sample,
    settings: { ...sample.settings, sandbox: 'off' as const, checks: [], gateChannels },
  };
  const git = new GitGuard(log.paths, file, repo.env, () => writer.state.sandbox);
  const projector = new Projector(log.paths, file);
  const own = {
    paths: log.paths,
    file,
    given: {},
    clock: systemClock,
    host: await systemHost(),
    env: repo.env,
    rehearsalProgram: 'none',
  };
  const worker = { ...own, writer, projector, git, memory: {}, wake: {} } as Partial<Worker> as Worker;
  return Object.assign(worker, { guard: new WorkerGuard(worker) });
}
