import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor, type ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import { refuseFromInside } from '../../../core/caller/context/refuse-from-inside.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { isPersonal } from '../../../core/session/events/bodies/who-acted.ts';
import { GitRemote, POOL_BRANCHES, POOL_REFS, type RemotePlace } from '../git-remote.ts';
import { MemberLists, standingIn } from '../member-list.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { type Membership, membershipFolder, readPoolFile } from '../pool-file.ts';
import { remoteGit } from './open-member.ts';

const LIMIT_MS = 60_000;

export interface Place {
  project: Pick<Project, 'mainRepo'>;
  url: string;
  prefix: RemotePlace['prefix'];
}

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
  context: Pick<ActionContext, 'env' | 'home' | 'host' | 'clock'>,
) {
  const place = { project: { mainRepo }, url: membership.remote, prefix: serverPrefix(membership) };
  const remote = remoteAt(place, context);
  const git = remoteGit(mainRepo, context.env);
  const folder = membershipFolder(context.home, membership);
  return {
    remote,
    git,
    folder,
    lists: new MemberLists({ folder, remote, git, host: context.host, clock: context.clock }),
  };
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

export function remoteAt({ project, url, prefix }: Place, { env }: Pick<ActionContext, 'env'>): GitRemote {
  return new GitRemote({ url, prefix, git: remoteGit(project.mainRepo, env), limitMs: LIMIT_MS });
}
