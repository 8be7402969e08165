import { contextOfPart, type NewPart, type SupervisorPart } from '../../core/supervisor/part.ts';
import type { Scan } from '../../core/supervisor/scan.ts';
import type { Supervisor } from '../../core/supervisor/supervisor.ts';
import { PullRequests } from './feedback/pull-requests.ts';
import type { ForgeLogin } from './feedback/rounds.ts';
import { GitHub } from './forge/github.ts';
import { Intake } from './intake/intake.ts';

/** Login shells can be slow: all polls of a minute share one. */
const SHARED_MS = 50_000;

function loginOf(supervisor: Supervisor) {
  let read: { atMs: number; context: ReturnType<typeof contextOfPart> } | undefined;
  return async (signal: AbortSignal): Promise<ForgeLogin> => {
    const now = supervisor.clock.monotonic();
    if (read === undefined || now - read.atMs > SHARED_MS)
      read = { atMs: now, context: contextOfPart(supervisor) };
    const context = await read.context;
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
