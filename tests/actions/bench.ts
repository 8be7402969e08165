import type { SessionView } from '../../src/session/events/session-view.ts';
import { sessionPaths } from '../../src/session/layout/paths.ts';
import { readSession } from '../../src/session/status.ts';
import { builtPrograms } from '../support/built-programs.ts';
import { endSessionsBelow } from '../support/live-session.ts';
import { makeProject, type ProjectPlan, type TempProject } from '../support/project.ts';
import type { RepoPlan } from '../support/temp-repo.ts';

export interface Bench extends TempProject, AsyncDisposable {
  /** Reads one session by its folder. */
  view(folder: string): Promise<SessionView>;
}

export type BenchPlan = Pick<ProjectPlan, 'lines' | 'sandbox' | 'bare' | keyof RepoPlan>;

/** A real project in a temporary folder whose children are rehearsals; what still runs at its end is ended. */
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
      await endSessionsBelow(sessionsDir, context.host);
      await repo[Symbol.asyncDispose]();
    },
  };
}
