import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isoUtc } from '../../base/clock.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { supervisorPaths } from '../../providers/starting/supervisor-folder.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../common/context.ts';
import { closedTo, sessionLost } from '../common/early-refusal.ts';
import { findSession, type SessionQuestion } from '../common/places/find-session.ts';
import { refuseFromInside } from '../common/refuse-from-inside.ts';

/**
 * Mutes or unmutes a session. The choice is stored in the supervisor's folder, which no agent can reach.
 * @throws inside_session, session_not_found, not_taken_over_yet, session_lost
 */
export async function muteSession(
  { isMuted, ...question }: SessionQuestion & { isMuted: boolean },
  context: ActionContext,
): Promise<SessionView> {
  await refuseFromInside(context);
  const view = await findSession({ ...question, isAct: true }, context);
  const { folder: session, sessionFile } = view;
  if (sessionFile === undefined) throw closedTo(view) ?? sessionLost(view);
  const { muted } = supervisorPaths(context.home, context.host);
  const path = join(muted, `${sessionFile.id}.json`);
  if (isMuted) {
    await mkdir(muted, { recursive: true, mode: 0o700 });
    const note = { v: 1, session, at: isoUtc(context.clock.now()) };
    await writeWhole(path, `${JSON.stringify(note)}\n`, 0o600);
  } else await rm(path, { force: true });
  return view;
}
