import { contextOfPart, type NewPart, type SupervisorPart } from '../../core/supervisor/part.ts';
import type { Scan } from '../../core/supervisor/scan.ts';
import type { Supervisor } from '../../core/supervisor/supervisor.ts';
import { PullRequests } from './feedback/pull-requests.ts';
import { type ForgeLogin, GitHub } from './forge/github.ts';
import { Intake } from './intake/intake.ts';

function loginOf(supervisor: Supervisor) {
  return async (signal: AbortSignal): Promise<ForgeLogin> => {
    const context = await contextOfPart(supervisor);
    return { forge: new GitHub({ env: context.env, signal }), context };
  };
}

function partOf(poller: PullRequests | Intake, scan: Scan): SupervisorPart {
  return {
    poll: async () => poller.poll(scan.startable(), (what, error) => scan.report(what, error)),
    keepsAlive: () => 'isWatching' in poller && poller.isWatching,
    end: async () => await poller.end(),
  };
}

export const GITHUB_PARTS: readonly NewPart[] = [
  (supervisor, scan) => partOf(new PullRequests(loginOf(supervisor), supervisor.clock), scan),
  (supervisor, scan) => {
    const { home, clock, paths } = supervisor;
    return partOf(new Intake(loginOf(supervisor), { home, heldPath: paths.intake, clock }), scan);
  },
];
