import { hostname } from 'node:os';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor, type ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import { supervise } from '../../../core/caller/context/supervision.ts';
import { requireTrust } from '../../../core/caller/context/trust-project.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { POOL_BRANCHES, POOL_REFS, type RemotePlace } from '../board/git-remote.ts';
import { databaseOf, rootCommit } from '../membership/open-member.ts';
import { membershipOf, remoteOf, requirePerson } from '../membership/require-membership.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { changePoolFile, type Joined, type Membership, readPoolFile } from '../pool-file.ts';
import { plainCommit } from '../states/plain-commit.ts';

export interface JoinInput extends ProjectQuestion {
  remote?: string;
  database?: string;
  slots?: number;
  /** The name of this machine in the pool; default: its host name. */
  name?: string;
  /** Accepts a remote that can be read without a login: questions, answers and prompts go there. */
  isPublic?: boolean;
}

/**
 * Makes this machine a member of a pool, for one project: its login in the database says who it is. A repeated call
 * changes the given values.
 */
export async function joinPool(input: JoinInput, context: ActionContext): Promise<Joined> {
  await requirePerson(context, 'pool join --remote <url> --database <url>');
  const project = await findProjectFor(input, context);
  await requireTrust(project, context);
  const pools = (await readPoolFile(context.home))?.pools ?? [];
  const before = pools.find(({ config }) => config === project.filePath);
  const { remote = before?.remote, database = before?.database, slots = before?.slots } = input;
  if (remote === undefined) throw POOL_ERRORS.pool_no_remote();
  if (database === undefined) throw POOL_ERRORS.pool_no_database();
  if (URL.canParse(remote) && new URL(remote).password !== '') throw POOL_ERRORS.pool_remote_password();
  requireNoPassword(database);
  const name = input.name ?? before?.name ?? hostname().replace(/[^\p{L}\p{N}._-]+/gu, '-');
  if (!NAME.test(name)) throw POOL_ERRORS.pool_name_invalid({ name });
  const root = await rootCommit(project.mainRepo, context.env);
  const twin = pools.find((pool) => pool.project === root && pool.config !== project.filePath);
  if (twin !== undefined) throw POOL_ERRORS.pool_joined_there({ config: twin.config });
  const prefix = await acceptedPrefix(project, remote, { isPublic: input.isPublic === true }, context);
  await using board = await databaseOf({ database }, context);
  const login = await board.requireFit();
  const joined = { name, project: root, config: project.filePath, remote, prefix, database, login, slots };
  await record(joined, context);
  await supervise(context, project.values.sessions);
  return joined;
}

/** Names are typed in commands and shown in tables. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,62}$/u;

/** Stops taking sessions, and gives each held one back at its next pause. */
export async function leavePool(question: ProjectQuestion, context: ActionContext): Promise<Membership> {
  await requirePerson(context);
  const { membership } = await membershipOf(question, context);
  await record({ ...membership, leaving: true }, context);
  await supervise(context);
  return membership;
}

/** One of an earlier version has nothing to give back to. */
async function record(membership: Membership, context: ActionContext): Promise<void> {
  const isPool = membership.login !== undefined;
  await changePoolFile(context, ({ pools, ...rest }) => ({
    ...rest,
    pools: [...pools.filter(({ config }) => config !== membership.config), ...(isPool ? [membership] : [])],
  }));
}

/** @throws pool_database_password: pool.json and lists of processes would show it */
export function requireNoPassword(database: string): void {
  const isInUrl = URL.canParse(database) && new URL(database).password !== '';
  if (isInUrl || /\bpassword\s*=/i.test(database)) throw POOL_ERRORS.pool_database_password();
}

/** Finds a ref prefix that the server accepts; some servers accept only branches and tags. */
async function acceptedPrefix(
  project: Project,
  url: string,
  { isPublic }: { isPublic: boolean },
  context: ActionContext,
): Promise<RemotePlace['prefix']> {
  for (const prefix of [POOL_REFS, POOL_BRANCHES] as const) {
    const { remote, git } = remoteOf({ remote: url, prefix }, project.mainRepo, context);
    if (!isPublic && prefix === POOL_REFS && (await remote.isPublic()))
      throw POOL_ERRORS.pool_remote_public({ url });
    const probed = await remote.probe((text) => plainCommit({ text }, git));
    if (probed === 'works') return prefix;
    if (probed === 'unreachable') throw POOL_ERRORS.pool_unreachable({ url });
    if (probed === 'read_only') throw POOL_ERRORS.pool_read_only({ url });
  }
  throw POOL_ERRORS.pool_refs_declined({ url });
}
