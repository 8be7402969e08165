import { join } from 'node:path';
import { isSamocodeError } from '../../base/errors.ts';
import { statsAt } from '../../base/files/look-at.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { commitOf } from '../../project/git/repository.ts';
import { PROVIDER_NAMES } from '../../providers/registry.ts';
import { atPlaces } from '../../session/events/at-places.ts';
import type { Places } from '../../session/events/bodies/places.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import type { ActionContext } from '../acting/context.ts';
import { findProjectFor } from '../places/find-project-for.ts';
import type { SessionsPlace } from '../places/sessions-places.ts';
import { requireTrust } from '../places/trust-project.ts';
import { findCli } from './freeze-settings.ts';

/**
 * Where the project, the worktree and the CLIs of a session stand now, as far as that differs from what it knows:
 * the settings are read again, folders that are still there are kept.
 * @returns undefined when nothing differs
 * @throws repository_gone; the errors of settings when the repository is gone; project_not_trusted
 */
export async function placesNow(
  view: SessionView,
  place: SessionsPlace,
  context: ActionContext,
): Promise<Places | undefined> {
  const { sessionFile: file } = view;
  if (file === undefined) return undefined;
  // Another project may share the SESSIONS folder: that one is asked only when the own file is gone.
  const configPath = stands(file.configPath) ? file.configPath : place.filePath;
  const project = await openAgain(configPath, file, context);
  if (project === undefined) return undefined;
  const places: Places = {
    ...(configPath !== file.configPath && { configPath }),
    ...(await foldersNow(view, file, project, context)),
    ...filesNow(file, project),
    ...(await cliPathsNow(view, file, project, context)),
  };
  if (Object.keys(places).length === 0) return undefined;
  await requireTrust(project, context);
  return places;
}

// Settings that make no sense now are no reason to refuse a session that needs none of them.
async function openAgain(
  configPath: string,
  { mainRepo }: SessionFile,
  context: ActionContext,
): Promise<Project | undefined> {
  try {
    return await findProjectFor({ projectDir: configPath }, context);
  } catch (error) {
    if (isSamocodeError(error) && stands(mainRepo)) return undefined;
    throw error;
  }
}

async function foldersNow(
  { state, folder }: SessionView,
  file: SessionFile,
  { mainRepo, values }: Project,
  { env }: ActionContext,
): Promise<Places> {
  const isRepoGone = !stands(file.mainRepo);
  const { worktree } = state;
  if (isRepoGone && worktree !== undefined) {
    const known = await commitOf(worktree.baseCommit, { cwd: mainRepo, baseEnv: env });
    if (known === undefined) {
      throw ACTION_ERRORS.repository_gone({ session: folder, before: file.mainRepo, now: mainRepo });
    }
  }
  const worktreesDir = stands(file.worktreesDir) ? file.worktreesDir : values.worktrees;
  const isWorktreeGone = worktree !== undefined && !stands(worktree.path);
  return {
    ...(isRepoGone && { mainRepo }),
    ...(worktreesDir !== file.worktreesDir && { worktreesDir }),
    // One that is nowhere is made again from its branch, at the new place.
    ...(isWorktreeGone && worktreesDir !== file.worktreesDir && { worktreePath: join(worktreesDir, folder) }),
  };
}

/** Files that the settings name, which a move of the project has taken along. */
function filesNow({ settings: { constraintsPath, mcpPath } }: SessionFile, { values }: Project): Places {
  const isGone = (path: string | undefined) => path !== undefined && !stands(path);
  return {
    ...(isGone(constraintsPath) && values.constraints && { constraintsPath: values.constraints }),
    ...(isGone(mcpPath) && values.mcp && { mcpPath: values.mcp }),
  };
}

async function cliPathsNow(
  { state }: SessionView,
  { settings }: SessionFile,
  project: Project,
  context: ActionContext,
): Promise<Places> {
  const { provider: chosen = settings.provider, cliPath } = state.chosen ?? {};
  const known: Readonly<Record<string, string>> = {
    ...settings.cliPaths,
    ...(cliPath !== undefined && { [chosen]: cliPath }),
  };
  const found: Record<string, string> = {};
  for (const name of PROVIDER_NAMES) {
    if (name === 'rehearsal' || known[name] === undefined) continue;
    // Where none is found, the worker says so when it needs it.
    const path = await findCli(project, name, context).catch(() => known[name]);
    if (path !== undefined && path !== known[name]) found[name] = path;
  }
  return Object.keys(found).length > 0 ? { cliPaths: found } : {};
}

function stands(path: string): boolean {
  return statsAt(path) !== undefined;
}

/** For questions that are asked about the project before the worker knows where it stands. */
export function withPlacesOf(view: SessionView, places: Places | undefined): SessionView {
  const { sessionFile, paths } = view;
  return sessionFile ? { ...view, sessionFile: atPlaces(sessionFile, paths, places) } : view;
}
