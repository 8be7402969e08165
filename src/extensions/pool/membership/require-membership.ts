import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor, type ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import { refuseFromInside } from '../../../core/caller/context/refuse-from-inside.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { isPersonal } from '../../../core/session/events/bodies/who-acted.ts';
import { GitRemote, POOL_BRANCHES, POOL_REFS, type RemotePlace, remoteGit } from '../board/git-remote.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { joinedPool, type Membership, readPoolFile } from '../pool-file.ts';

/** Of acts of a person, and of a prune. */
export const REMOTE_LIMIT_MS = 60_000;

/** Refuses agents and models, which must not decide who gets this machine's work. */
export async function requirePerson(context: ActionContext, command = 'pool'): Promise<void> {
  await refuseFromInside(context);
  if (!isPersonal(context.by)) throw POOL_ERRORS.pool_needs_person({ command });
}

export async function membershipOf(question: ProjectQuestion, context: ActionContext) {
  const project = await findProjectFor(question, context);
  const file = await readPoolFile(context.home);
  const membership = file?.pools.find(({ config }) => config === project.filePath);
  if (membership === undefined) throw POOL_ERRORS.pool_not_joined({ mainRepo: project.mainRepo });
  return { project, membership };
}

/** The remote of a membership, as this machine's clone of the project reaches it. */
export function remoteOf(
  { remote: url, ...membership }: Pick<Membership, 'remote' | 'prefix'>,
  mainRepo: string,
  { env }: Pick<ActionContext, 'env'>,
  limitMs = REMOTE_LIMIT_MS,
): { remote: GitRemote; git: RemotePlace['git'] } {
  const git = remoteGit(mainRepo, env);
  const prefix = membership.prefix === POOL_BRANCHES ? POOL_BRANCHES : POOL_REFS;
  return { git, remote: new GitRemote({ url, prefix, git, limitMs }) };
}

/** @throws if the project is in no pool, or is leaving it */
export async function requirePool(
  { filePath, mainRepo }: Pick<Project, 'filePath' | 'mainRepo'>,
  { home }: Pick<ActionContext, 'home'>,
): Promise<void> {
  const file = await readPoolFile(home);
  const membership = file?.pools.find(({ config, leaving }) => config === filePath && !leaving);
  if (membership === undefined) throw POOL_ERRORS.pool_not_joined({ mainRepo });
  joinedPool(membership);
}
