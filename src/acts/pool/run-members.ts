import { join } from 'node:path';
import { Member } from '../../pool/member.ts';
import { type Membership, readPoolFile } from '../../pool/pool-file.ts';
import { StatusFile } from '../../pool/pool-status.ts';
import { supervisorPaths } from '../../providers/starting/supervisor-folder.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../common/context.ts';
import { openMember } from './open-member.ts';

export interface MembersOptions {
  /** Under which leases record the owner of a session. */
  supervisor: string;
  say: (text: string) => void;
  views: () => readonly SessionView[];
  report: (what: string, error: unknown) => void;
  wake: () => Promise<void>;
  signal: AbortSignal;
}

/** What this machine's supervisor last saw of a pool. */
export function statusPath(
  { project }: Pick<Membership, 'project'>,
  { home, host }: Pick<ActionContext, 'home' | 'host'>,
): string {
  return join(supervisorPaths(home, host).dir, `pool-${project}.json`);
}

/** How long before a project whose repository or board cannot be opened is tried again. */
const AGAIN_MS = 60_000;

/** This machine's part in all its pools, until the signal. A pool that fails delays no other. */
export async function runMembers(
  context: ActionContext,
  { views, signal, ...told }: MembersOptions,
): Promise<void> {
  const file = await readPoolFile(context.home);
  if (file === undefined) return;
  const runs = file.pools.map(async (membership) => {
    const status = new StatusFile(statusPath(membership, context), context.clock);
    const report = (what: string, error: unknown) => {
      status.failed(what, error);
      told.report(what, error);
    };
    while (!signal.aborted) {
      try {
        await using parts = await openMember(membership, context, {
          ...told,
          report,
          status,
          self: file.host,
        });
        await new Member(parts).run(views, signal);
      } catch (error) {
        if (signal.aborted) return;
        report(`pool of ${membership.config}`, error);
        status.write();
        await context.clock.sleep(AGAIN_MS, signal).catch(() => undefined);
      }
    }
  });
  await Promise.all(runs);
}
