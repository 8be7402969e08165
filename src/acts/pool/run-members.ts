import { Member } from '../../pool/member.ts';
import { readPoolFile } from '../../pool/pool-file.ts';
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
    while (!signal.aborted) {
      try {
        await using parts = await openMember(membership, context, { ...told, self: file.host });
        await new Member(parts).run(views, signal);
      } catch (error) {
        if (signal.aborted) return;
        told.report(`pool of ${membership.config}`, error);
        await context.clock.sleep(AGAIN_MS, signal).catch(() => undefined);
      }
    }
  });
  await Promise.all(runs);
}
