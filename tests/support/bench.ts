import { readSession } from '../../src/core/session/folder/read-session.ts';
import type { SessionView } from '../../src/core/session/folder/session-view.ts';
import { sessionPaths } from '../../src/core/session/layout/paths.ts';
import { builtPrograms } from './built-programs.ts';
import { endSessionsBelow, PATIENT_CLOCK } from './live-session.ts';
import { makeProject, type ProjectPlan, type TempProject } from './project.ts';
import type { RepoPlan } from './temp-repo.ts';
import { WorkerHere } from './worker-in-this-process.ts';

export interface Bench extends TempProject, AsyncDisposable {
  /** Reads one session by its folder. */
  view(folder: string): Promise<SessionView>;
}

export interface BenchPlan extends Pick<ProjectPlan, 'lines' | 'sandbox' | 'bare' | keyof RepoPlan> {
  /** Workers are this process: see `WorkerHere`. */
  here?: boolean;
}

/** A real project in a temporary folder whose agents are rehearsals; processes that still run at its end are ended. */
export async function makeBench({ here: isHere, ...plan }: BenchPlan = {}): Promise<Bench> {
  const programs = await builtPrograms();
  const { worker, rehearsal } = programs;
  const here = isHere ? WorkerHere.of(programs) : undefined;
  const project = await makeProject({
    ...plan,
    // No agents with delays for readers: everything started with this environment is quick.
    env: { SAMOCODE_REHEARSAL_PACE_MS: '0' },
    // A start under load is waited for.
    acting: { programs: here?.programs ?? { worker, rehearsal }, clock: PATIENT_CLOCK },
  });
  const { repo, context, sessionsDir } = project;
  here?.begin({ sessionsDir, env: repo.env });
  return {
    ...project,
    async view(folder) {
      const view = await readSession(sessionPaths(sessionsDir, folder), context.host);
      if (!view) throw new Error(`There is no session ${folder}.`);
      return view;
    },
    async [Symbol.asyncDispose]() {
      await here?.end(repo.homeDir);
      await endSessionsBelow(sessionsDir, context.host);
      await repo[Symbol.asyncDispose]();
    },
  };
}
