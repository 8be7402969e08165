import { contextOfPart, type NewPart, type SupervisorPart } from '../../core/supervisor/part.ts';
import type { Scan } from '../../core/supervisor/scan.ts';
import type { Supervisor } from '../../core/supervisor/supervisor.ts';
import { PullRequests } from './feedback/pull-requests.ts';
import { GitHub } from './forge/github.ts';
import { Intake } from './intake/intake.ts';

function pullRequestsPart(supervisor: Supervisor, scan: Scan): SupervisorPart {
  const watched = new PullRequests(async (ended) => await loginOf(supervisor, ended), supervisor.clock);
  return {
    poll: async () => watched.poll(scan.startable(), (what, error) => scan.report(what, error)),
    keepsAlive: () => false,
    end: async () => await watched.end(),
  };
}

/** Starts a session for each labelled issue. */
function intakePart(supervisor: Supervisor, scan: Scan): SupervisorPart {
  const { home, clock, paths } = supervisor;
  const intake = new Intake(async (ended) => await loginOf(supervisor, ended), {
    home,
    heldPath: paths.intake,
    clock,
  });
  return {
    poll: async () => intake.poll(scan.startable(), (what, error) => scan.report(what, error)),
    keepsAlive: () => intake.isWatching,
    end: async () => await intake.end(),
  };
}

async function loginOf(supervisor: Supervisor, signal: AbortSignal) {
  const context = await contextOfPart(supervisor);
  return { forge: new GitHub({ env: context.env, signal }), context };
}

export const GITHUB_PARTS: readonly NewPart[] = [pullRequestsPart, intakePart];
