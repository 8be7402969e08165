import type { ActionContext } from '../../src/actions/context.ts';
import { readHolding } from '../../src/base/lease.ts';
import { leaveCommand } from '../../src/session/commands.ts';
import { sessionPaths } from '../../src/session/paths.ts';
import { sessionFolders } from '../../src/session/session-list.ts';
import { readSession, type SessionView } from '../../src/session/status.ts';
import { builtPrograms } from '../support/built-programs.ts';
import { makeProject, type ProjectPlan, type TempProject } from '../support/project.ts';
import type { RepoPlan } from '../support/temp-repo.ts';

export interface Bench extends TempProject, AsyncDisposable {
  /** Reads one session by its folder. */
  view(folder: string): Promise<SessionView>;
}

export type BenchPlan = Pick<ProjectPlan, 'lines' | 'bare' | keyof RepoPlan>;

/** A real project in a temporary folder whose children are rehearsals; what still runs at its end is stopped. */
export async function makeBench(plan: BenchPlan = {}): Promise<Bench> {
  const { worker, rehearsal } = await builtPrograms();
  const project = await makeProject({
    ...plan,
    // No children that keep a pace for people to read along: whatever is started with this environment is quick.
    env: { SAMOCODE_REHEARSAL_PACE_MS: '0' },
    acting: { programs: { worker, rehearsal } },
  });
  const { repo, context, sessionsDir } = project;
  return {
    ...project,
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
