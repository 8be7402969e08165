import { join } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { supervisorPaths } from '../../../core/sandbox/programs/supervisor-folder.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { type Membership, readPoolFile } from '../pool-file.ts';
import { Member } from './member.ts';
import { openMember } from './open-member.ts';
import { StatusFile } from './pool-status.ts';

export interface MembersOptions {
  /** The supervisor's identity, as leases record it. */
  supervisor: string;
  say: (text: string) => void;
  views: () => readonly SessionView[];
  report: (what: string, error: unknown) => void;
  wake: () => Promise<void>;
  signal: AbortSignal;
}

export function statusPath(
  { project }: Pick<Membership, 'project'>,
  { home, host }: Pick<ActionContext, 'home' | 'host'>,
): string {
  return join(supervisorPaths(home, host).dir, `pool-${project}.json`);
}

/** The delay before the next try at a pool whose project or board could not be opened. */
const RETRY_MS = 60_000;

/** Takes part in all pools of this machine until aborted. A failing pool does not delay the others. */
export async function runMembers(
  context: ActionContext,
  { views, signal, ...callbacks }: MembersOptions,
): Promise<void> {
  const file = await readPoolFile(context.home);
  if (file === undefined) return;
  const runs = file.pools.map(async (membership) => {
    const status = new StatusFile(statusPath(membership, context), context.clock);
    const report = (what: string, error: unknown) => {
      status.failed(what, error);
      callbacks.report(what, error);
    };
    const run = async () => {
      await using parts = await openMember(membership, context, { ...callbacks, report, status });
      await new Member(parts).run(views, signal);
    };
    while (!signal.aborted) {
      try {
        await run();
      } catch (error) {
        if (signal.aborted) return;
        report(`pool of ${membership.config}`, error);
        status.write();
        await context.clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  });
  await Promise.all(runs);
}
