import { openingsOf } from '../../project/settings/openings.ts';
import type { SettingsReading } from '../../project/settings/read-settings.ts';
import { environmentOfSessions, loginRefusal } from '../../sandbox/programs/login-shell.ts';
import type { ActionContext } from '../context/context.ts';

type Settings = Pick<SettingsReading, 'values'>;

/** Returns the reason why no login shell may be read for sessions of this project; undefined if it may be. */
export function projectRefusal(
  { values }: Settings,
  { home }: Pick<ActionContext, 'home'>,
): string | undefined {
  return loginRefusal({ sandbox: values.sandbox, openings: openingsOf(values) }, home);
}

/** The environment that SETUP, CHECK and agents of this project get from a worker started here. */
export async function environmentOfProject(
  project: Settings,
  { env, home }: Pick<ActionContext, 'env' | 'home'>,
): Promise<ActionContext['env']> {
  return await environmentOfSessions(env, home, projectRefusal(project, { home }));
}
