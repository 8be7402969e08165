import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor, type ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import { refuseFromInside } from '../../../core/caller/context/refuse-from-inside.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { isPersonal } from '../../../core/session/events/bodies/who-acted.ts';
import { AUTO_ASSIGN, MANUAL_ASSIGN } from '../../../core/session/layout/owners.ts';
import { GitRemote, POOL_BRANCHES, POOL_REFS, type RemotePlace, remoteGit } from '../board/git-remote.ts';
import { MemberLists, standingIn } from '../members/member-list.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { type Membership, membershipFolder, readPoolFile } from '../pool-file.ts';

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

/** The remote of a membership, and its list of members. */
export function poolAt(
  membership: Membership,
  { mainRepo }: Pick<Project, 'mainRepo'>,
  { env, home, host, clock }: Pick<ActionContext, 'env' | 'home' | 'host' | 'clock'>,
  limitMs = REMOTE_LIMIT_MS,
) {
  const git = remoteGit(mainRepo, env);
  const remote = new GitRemote({ url: membership.remote, prefix: serverPrefix(membership), git, limitMs });
  const folder = membershipFolder(home, membership);
  return { remote, git, folder, lists: new MemberLists({ folder, remote, git, host, clock }) };
}

/** Refuses a machine whose states the others would not accept. */
export async function requireStanding(
  membership: Membership,
  project: Pick<Project, 'mainRepo'>,
  context: Pick<ActionContext, 'env' | 'home' | 'host' | 'clock'>,
  { isReadAgain = false } = {},
): Promise<void> {
  const { lists } = poolAt(membership, project, context);
  const standing = async () => standingIn(await lists.kept(), membership.id);
  // The supervisor reads the list only once a minute.
  if (isReadAgain || (await standing()) !== 'member') await lists.look(() => undefined);
  switch (await standing()) {
    case 'waits':
      throw POOL_ERRORS.pool_waits();
    case 'removed':
      throw POOL_ERRORS.pool_removed({ host: membership.name });
  }
}

export function serverPrefix({ prefix }: Pick<Membership, 'prefix'>): RemotePlace['prefix'] {
  return prefix === POOL_BRANCHES ? POOL_BRANCHES : POOL_REFS;
}

/**
 * @returns the owner of a session that no machine has
 * @throws if the project is in no pool, or this machine is not a member
 */
export async function requirePool(
  { filePath, mainRepo }: Pick<Project, 'filePath' | 'mainRepo'>,
  context: Pick<ActionContext, 'env' | 'home' | 'host' | 'clock'>,
): Promise<string> {
  const file = await readPoolFile(context.home);
  const membership = file?.pools.find(({ config, leaving }) => config === filePath && !leaving);
  if (membership === undefined) throw POOL_ERRORS.pool_not_joined({ mainRepo });
  await requireStanding(membership, { mainRepo }, context);
  return membership.database === undefined ? MANUAL_ASSIGN : AUTO_ASSIGN;
}
