import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readOnlyReason, sessionLost } from '../../core/caller/commands/early-refusal.ts';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../core/caller/context/find-session.ts';
import { refuseFromInside } from '../../core/caller/context/refuse-from-inside.ts';
import { isoUtc } from '../../core/kernel/clock.ts';
import { writeWhole } from '../../core/kernel/files/atomic-file.ts';
import { makeFolder } from '../../core/kernel/files/make-folder.ts';
import { supervisorPaths } from '../../core/sandbox/programs/supervisor-folder.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';

/** Mutes or unmutes a session. The choice is stored in the supervisor's folder, which no agent can reach. */
export async function muteSession(
  { isMuted, ...question }: SessionQuestion & { isMuted: boolean },
  context: ActionContext,
): Promise<SessionView> {
  await refuseFromInside(context);
  const view = await findSession({ ...question, isAct: true }, context);
  const { folder: session, sessionFile } = view;
  if (sessionFile === undefined) throw readOnlyReason(view) ?? sessionLost(view);
  const { muted } = supervisorPaths(context.home, context.host);
  const path = join(muted, `${sessionFile.id}.json`);
  if (isMuted) {
    makeFolder(muted, 0o700);
    const note = { v: 1, session, at: isoUtc(context.clock.now()) };
    await writeWhole(path, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  } else await rm(path, { force: true });
  return view;
}
