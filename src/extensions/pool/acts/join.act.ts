import * as z from 'zod';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor, type ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import { supervise } from '../../../core/caller/context/supervision.ts';
import { requireTrust } from '../../../core/caller/context/trust-project.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { POOL_BRANCHES, POOL_REFS, type RemotePlace } from '../git-remote.ts';
import { fingerprintOf, hostKey, trustHost } from '../host-keys.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { changePoolFile, type Membership, type PoolFile, readPoolFile } from '../pool-file.ts';
import { readCommits } from '../read-commits.ts';
import { type MemberCard, membersAt, type PoolMember } from './members.act.ts';
import { membershipOf, type Place, remoteAt, requirePerson } from './membership.ts';
import { postgresBoard, remoteGit, rootCommit, textCommit } from './open-member.ts';

export interface JoinInput extends ProjectQuestion {
  remote?: string;
  database?: string;
  slots?: number;
  /** Accepts a remote that can be read without a login: questions, answers and prompts go there. */
  isPublic?: boolean;
}

/** The kind of board, which the first member chooses for all. */
const BoardChoice = z.object({ v: z.literal(1), board: z.enum(['git', 'postgres']) });

/**
 * Makes this machine a member of the pool at a git remote, for one project. A repeated call changes the given values.
 */
export async function joinPool(
  input: JoinInput,
  context: ActionContext,
): Promise<{ membership: Membership; host: PoolFile['host']; fingerprint: string; members: PoolMember[] }> {
  await requirePerson(context);
  const project = await findProjectFor(input, context);
  await requireTrust(project, context);
  const before = (await readPoolFile(context.home))?.pools.find(({ config }) => config === project.filePath);
  const url = input.remote ?? before?.remote;
  if (url === undefined) throw POOL_ERRORS.pool_no_remote();
  const root = await rootCommit(project.mainRepo, context.env);
  const database = input.database ?? before?.database;
  const prefix = await acceptedPrefix(project, url, { isPublic: input.isPublic === true }, context);
  await matchBoard({ project, url, prefix }, database === undefined ? 'git' : 'postgres', context);
  if (database !== undefined) {
    await using board = await postgresBoard(database, context);
    await board.prepare();
  }
  const publicKey = await hostKey(configFolder(context.home), context.env);
  const slots = input.slots ?? before?.slots;
  const membership = { project: root, config: project.filePath, remote: url, prefix, database, slots };
  const file = await changePoolFile(context.home, ({ pools, ...rest }) => ({
    ...rest,
    pools: [...pools.filter(({ config }) => config !== project.filePath), membership],
  }));
  // This machine also reads states that it published itself.
  await trustHost(configFolder(context.home), { ...file.host, publicKey });
  await pushSelf({ project, url, prefix }, { v: 1, ...file.host, publicKey }, context);
  await supervise(context, project.values.sessions);
  const members = await membersAt({ project, url, prefix }, context);
  return { membership, host: file.host, fingerprint: await fingerprintOf(publicKey, context.env), members };
}

/** Stops taking sessions, and gives each held one back at its next pause. */
export async function leavePool(question: ProjectQuestion, context: ActionContext): Promise<Membership> {
  await requirePerson(context);
  const { membership } = await membershipOf(question, context);
  await changePoolFile(context.home, ({ pools, ...rest }) => ({
    ...rest,
    pools: pools.map((each) => (each.config === membership.config ? { ...each, leaving: true } : each)),
  }));
  await supervise(context);
  return membership;
}

/** Finds a ref prefix that the server accepts; some servers accept only branches and tags. */
async function acceptedPrefix(
  project: Project,
  url: string,
  { isPublic }: { isPublic: boolean },
  context: ActionContext,
): Promise<RemotePlace['prefix']> {
  const commit = (text: string) => textCommit(text, remoteGit(project.mainRepo, context.env));
  for (const prefix of [POOL_REFS, POOL_BRANCHES] as const) {
    const remote = remoteAt({ project, url, prefix }, context);
    if (!isPublic && prefix === POOL_REFS && (await remote.isPublic()))
      throw POOL_ERRORS.pool_remote_public({ url });
    const probed = await remote.probe(commit);
    if (probed === 'works') return prefix;
    if (probed === 'unreachable') throw POOL_ERRORS.pool_unreachable({ url });
    if (probed === 'read_only') throw POOL_ERRORS.pool_read_only({ url });
  }
  throw POOL_ERRORS.pool_refs_declined({ url });
}

/** Records the first member's kind of board. Others must use the same, or two machines could take one session. */
async function matchBoard(place: Place, board: 'git' | 'postgres', context: ActionContext): Promise<void> {
  const ref = `${POOL_REFS}board`;
  const git = remoteGit(place.project.mainRepo, context.env);
  const remote = remoteAt(place, context);
  await remote.move(ref, await textCommit(JSON.stringify({ v: 1, board }), git), undefined);
  await remote.fetch([ref]);
  const [commit] = await readCommits([...(await remote.list(ref)).values()], git);
  const chosen = BoardChoice.safeParse(parseJson(commit?.message ?? '')).data?.board;
  if (chosen !== board)
    throw POOL_ERRORS.pool_other_board({ url: place.url, chosen: chosen ?? 'another one', board });
}

async function pushSelf(
  place: Place,
  self: z.infer<typeof MemberCard>,
  context: ActionContext,
): Promise<void> {
  const ref = `${POOL_REFS}keys/${self.id}`;
  const remote = remoteAt(place, context);
  const commit = await textCommit(JSON.stringify(self), remoteGit(place.project.mainRepo, context.env));
  await remote.move(ref, commit, (await remote.list(ref)).get(ref));
}
