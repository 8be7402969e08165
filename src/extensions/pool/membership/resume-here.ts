import { limitsOf } from '../../../core/acts/sessions/freeze-settings.ts';
import { resumeRequest } from '../../../core/acts/sessions/resume-session.act.ts';
import { findProjectFor } from '../../../core/caller/context/find-project-for.ts';
import {
  judgeLimits,
  LIMIT_NAMES,
  limitUsages,
  type SpendingLimits,
  settingOf,
  withRaised,
} from '../../../core/kernel/phases/limits.ts';
import type { CommandOf } from '../../../core/session/commands/commands.ts';
import { readSession } from '../../../core/session/folder/read-session.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { SessionPaths } from '../../../core/session/layout/paths.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import type { AskedResume } from './judge-act.ts';
import type { MemberParts } from './member-parts.ts';

/** The resume that a person on another machine asked for, with this machine's own checks and CLIs, within its limits. */
export async function resumeHere(
  { limits, provider, model, ...asked }: AskedResume,
  paths: SessionPaths,
  { context, hostInfo }: Pick<MemberParts, 'context' | 'hostInfo'>,
): Promise<CommandOf<'resume'>> {
  const view = await readSession(paths, context.host);
  if (view?.sessionFile === undefined) throw new Error(`The files of ${paths.folder} cannot be read.`);
  if (limits !== undefined) await requireWithin(limits, view, { context, hostInfo });
  const own = { ...context, by: asked.by };
  const { note, goal, phase } = asked;
  const wanted = { note, goal, phase, provider, model, limits: limits && { session: limits, phases: {} } };
  return {
    ...(await resumeRequest(wanted, view, own)),
    v: asked.v,
    id: asked.id,
    by: asked.by,
    at: asked.at,
  };
}

/** Refuses limits above those of this machine's `.samocode`, and above those that the session has already. */
async function requireWithin(
  limits: SpendingLimits,
  { sessionFile, state }: SessionView,
  { context, hostInfo }: Pick<MemberParts, 'context' | 'hostInfo'>,
): Promise<void> {
  if (sessionFile === undefined) return;
  const project = await findProjectFor({ projectDir: sessionFile.configPath }, context);
  const own = limitsOf(project.values);
  const now = withRaised(sessionFile.settings.limits, state.raisedLimits);
  const { phase } = state.progress;
  // The worker applies a new value to the phase whose limit is reached.
  const reached = limitUsages(now, state.spent, phase).filter((use) => judgeLimits([use]).kind !== 'fine');
  for (const limitName of LIMIT_NAMES) {
    const asked = limits[limitName];
    if (asked === undefined) continue;
    for (const scope of ['session', phase] as const) {
      if (scope !== 'session' && !reached.some((use) => use.limitName === limitName && use.scope === scope))
        continue;
      const here = scope === 'session' ? [own.session, now.session] : [own.phases[scope], now.phases[scope]];
      const known = here.map((each) => each?.[limitName]).filter((each) => each !== undefined);
      const most = known.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...known);
      if (asked > most)
        throw POOL_ERRORS.act_limit({
          setting: settingOf({ limitName, scope }),
          asked,
          most,
          host: hostInfo.name,
          session: sessionFile.folder,
        });
    }
  }
}
