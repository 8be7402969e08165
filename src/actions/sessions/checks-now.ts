import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../acting/context.ts';
import { findProjectFor } from '../places/find-project-for.ts';
import { requireTrust } from '../places/require-trust.ts';

/**
 * The checks of the project as they are now, where a session that is resumed should be held to them: it is
 * blocked because of its own ones, or gets new work.
 * @returns undefined when those that it has go on counting
 * @throws project_not_trusted when they have changed and are not trusted yet; the errors of settings
 */
export async function checksNow(
  { sessionFile, state }: SessionView,
  goal: string | undefined,
  context: ActionContext,
): Promise<string[] | undefined> {
  const isBlockedByThem = state.status.kind === 'blocked' && state.status.rule === 'checks';
  if (!sessionFile || (!isBlockedByThem && goal === undefined)) return undefined;
  const project = await findProjectFor({ projectDir: sessionFile.configPath }, context);
  const now = project.values.checks.map(({ command }) => command);
  const before = state.checks ?? sessionFile.settings.checks;
  if (JSON.stringify(now) === JSON.stringify(before)) return undefined;
  await requireTrust(project, context);
  return now;
}
