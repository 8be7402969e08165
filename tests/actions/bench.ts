import { join } from 'node:path';
import type { ActionContext } from '../../src/actions/context.ts';
import { setupProject } from '../../src/actions/setup-project.ts';
import { systemClock } from '../../src/base/clock.ts';
import { systemHost } from '../../src/base/host.ts';
import { readHolding } from '../../src/base/lease.ts';
import { leaveCommand } from '../../src/session/commands.ts';
import { sessionPaths } from '../../src/session/paths.ts';
import { sessionFolders } from '../../src/session/session-list.ts';
import { readSession, type SessionView } from '../../src/session/status.ts';
import { builtPrograms } from '../support/built-programs.ts';
import { makeRepo, type RepoPlan, type TempRepo } from '../support/temp-repo.ts';

export interface Bench extends AsyncDisposable {
  repo: TempRepo;
  context: ActionContext;
  sessionsDir: string;
  worktreesDir: string;
  /** Reads one session by its folder. */
  view(folder: string): Promise<SessionView>;
}

export interface BenchPlan extends RepoPlan {
  /** Lines of `.samocode` beside the folders. */
  lines?: Record<string, string>;
  /** No `.samocode` yet. */
  bare?: boolean;
}

/** A real project in a temporary folder whose children are rehearsals; what still runs at its end is stopped. */
export async function makeBench(plan: BenchPlan = {}): Promise<Bench> {
  const made = await makeRepo(plan);
  // No children that keep a pace for people to read along: whatever is started with this environment is quick.
  const repo = { ...made, env: { ...made.env, SAMOCODE_REHEARSAL_PACE_MS: '0' } };
  const { worker, rehearsal } = await builtPrograms();
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: repo.env,
    home: repo.homeDir,
    cwd: repo.path,
    by: { channel: 'cli' },
    programs: { worker, rehearsal },
  };
  if (!plan.bare) await setupProject({ lines: { PROVIDER: 'rehearsal', ...plan.lines } }, context);
  const sessionsDir = join(repo.path, '_samocode/sessions');
  return {
    repo,
    context,
    sessionsDir,
    worktreesDir: join(repo.path, '_samocode/worktrees'),
    async view(folder) {
      const view = await readSession(sessionPaths(sessionsDir, folder), context.host);
      if (!view) throw new Error(`There is no session ${folder}.`);
      return view;
    },
    async [Symbol.asyncDispose]() {
      for (const folder of await sessionFolders(sessionsDir)) await endWorker(sessionsDir, folder, context);
      await repo[Symbol.asyncDispose]();
    },
  };
}

/** Lets a worker stop its child itself, then makes sure that it is gone. */
async function endWorker(sessionsDir: string, folder: string, context: ActionContext): Promise<void> {
  const paths = sessionPaths(sessionsDir, folder);
  const { clock, by, host } = context;
  const at = new Date(clock.now()).toISOString();
  const id = STOP_ID;
  for (let tries = 0; tries < 200; tries += 1) {
    const holding = await readHolding(paths.leases, host);
    if (holding.kind !== 'held' || holding.liveness !== 'alive') return;
    if (tries === 0) await leaveCommand(paths, { v: 1, id, by, at, kind: 'stop', when: 'now' });
    if (tries > 100) process.kill(holding.lease.owner.pid, 'SIGKILL');
    await clock.sleep(50);
  }
}

// Later than any real one, so that it is met last.
const STOP_ID = '7ZZZZZZZZZZZZZZZZZZZZZZZZZ';
