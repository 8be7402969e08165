import { dirname } from 'node:path';
import { areConfined, openToRepositories } from '../../agents/registry.ts';
import { stateRootFor } from '../../kernel/config-folder.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import type { SandboxLevel } from '../../kernel/sandbox-level.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { commonDirOf } from '../../project/git/repository.ts';
import { forgeLoginIsHidden, hidingLine } from '../../project/settings/forge-login.ts';
import { openingsOf } from '../../project/settings/openings.ts';
import { loginPlaces, openStates } from '../../sandbox/cli-state.ts';
import type { GuardedProject } from '../../sandbox/places.ts';
import { type ActiveGuard, forgeLoginProblem, type GuardNow, guardFor } from '../../sandbox/probe-guard.ts';
import type { FrozenSettings } from '../../session/events/bodies/session-file.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import type { ActionContext } from '../context/context.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';
import { START_ERRORS } from '../errors/start-errors.ts';

export function guardedProject({ mainRepo, values }: Project): GuardedProject {
  const { sessions: sessionsDir, worktrees: worktreesDir, sandbox } = values;
  return { mainRepo, sessionsDir, worktreesDir, settings: { sandbox, openings: openingsOf(values) } };
}

export async function guardNow(
  guarded: GuardedProject,
  { env, home, programs }: ActionContext,
): Promise<GuardNow> {
  const commonDir = () => commonDirOf(guarded.mainRepo, { baseEnv: env });
  const own = { stateRoot: stateRootFor(guarded.sessionsDir), programFolder: dirname(programs.worker) };
  return await guardFor(guarded, { env, home, commonDir, ...own });
}

/**
 * The sandbox level that a new session would have; `warning`: why a wanted guard is unavailable and how to get it,
 * or which parts of home agents can reach for their login; `testedGuard`: which program of the guard was tested.
 */
export async function sandboxNow(
  question: GuardedProject & {
    settings: Pick<
      FrozenSettings,
      'provider' | 'providers' | 'fallback' | 'permissions' | 'sandboxLowered' | 'acp'
    >;
    configPath: string;
    issue?: unknown;
  },
  context: ActionContext,
  guard = guardNow(question, context),
): Promise<{ level: SandboxLevel; warning?: string; testedGuard?: string }> {
  const now = await guard;
  const { sandbox, sandboxLowered, provider, providers, fallback = [], acp } = question.settings;
  if (now.level === 'none' && (sandbox === 'guard' || sandbox === 'strict'))
    throw START_ERRORS.guard_unavailable({ sandbox, why: now.why, hint: now.hint });
  const problem = forgeLoginProblem(now);
  if (problem && (await forgeLoginIsHidden(question)))
    throw START_ERRORS.forge_login_open({ ...problem, line: await hidingLine(question.configPath) });
  const names = [provider, ...Object.values(providers), ...fallback];
  if (now.level !== 'none') {
    const warning = await reachedForLogins(now, names);
    return { level: now.level, warning, testedGuard: now.tested };
  }
  const title = openToRepositories(names);
  if (title !== undefined && !acp?.withoutGuard)
    throw START_ERRORS.agent_needs_guard({ title, why: now.why, hint: now.hint });
  const level = areConfined(names, question.settings.permissions) ? 'provider sandbox' : 'none';
  // No warning if the project's own file switches the guard off.
  if (sandbox === 'off' && !sandboxLowered) return { level };
  if (sandbox === 'off')
    return { level, warning: 'Agents run without the guard: this start switched it off.' };
  return { level, warning: `Agents run without the guard: ${now.why}. ${now.hint}` };
}

async function reachedForLogins(
  { places: { home } }: ActiveGuard,
  names: readonly string[],
): Promise<string | undefined> {
  const open = openStates(names).map(
    ({ title, why }) => `Agents of ${title} can write its own folder: ${why}.`,
  );
  const read = (await loginPlaces(home, names)).map((path) => path.replace(`${home.dir}/`, '~/'));
  const all = [...open, ...(read.length > 0 ? [`For their login, agents can read ${read.join(', ')}.`] : [])];
  return all.length > 0 ? all.join(' ') : undefined;
}

/**
 * Returns the reason why the pull request of a session cannot be watched: its agents could log in to GitHub as the
 * user.
 * @returns undefined if they could not
 */
export async function watchRefusal(
  { folder: session, sessionFile }: SessionView,
  context: ActionContext,
): Promise<SamocodeError | undefined> {
  if (sessionFile === undefined) return undefined;
  const problem = forgeLoginProblem(await guardNow(sessionFile, context));
  if (problem === undefined) return undefined;
  const { why, hint } = problem;
  const isFrozen = sessionFile.settings.sandbox === 'off';
  return ACTION_ERRORS.watch_unguarded({ session, why, hint: isFrozen ? SANDBOX_FIXED : hint });
}

const SANDBOX_FIXED = 'A session keeps the SANDBOX that it was started with.';
