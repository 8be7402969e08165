import * as z from 'zod';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor, type ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import { refuseFromInside } from '../../../core/caller/context/refuse-from-inside.ts';
import { supervise } from '../../../core/caller/context/supervision.ts';
import { requireTrust } from '../../../core/caller/context/trust-project.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { isPersonal } from '../../../core/session/events/bodies/who-acted.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { readAllSessions } from '../../../core/session/session-list.ts';
import { GitRemote, POOL_BRANCHES, POOL_REFS, type RemotePlace } from '../git-remote.ts';
import { fingerprintOf, hostKey, trustedHosts, trustHost } from '../host-keys.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { changePoolFile, type Membership, type PoolFile, readPoolFile } from '../pool-file.ts';
import { readPoolStatus } from '../pool-status.ts';
import { readCommits } from '../read-commits.ts';
import { postgresBoard, remoteGit, rootCommit, textCommit } from './open-member.ts';
import { statusPath } from './run-members.ts';

export interface JoinInput extends ProjectQuestion {
  remote?: string;
  database?: string;
  slots?: number;
  /** Accepts a remote that can be read without a login: questions, answers and prompts go there. */
  isPublic?: boolean;
}

/** The card that a member publishes at its own ref. */
const Member = z.object({ v: z.literal(1), id: z.string(), name: z.string(), publicKey: z.string() });
export type PoolMember = z.infer<typeof Member> & {
  fingerprint: string;
  isTrusted: boolean;
  isSelf: boolean;
};

/** The kind of board, which the first member chooses for all. */
const BoardChoice = z.object({ v: z.literal(1), board: z.enum(['git', 'postgres']) });

const LIMIT_MS = 60_000;

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

export interface PoolSession {
  session: string;
  /** Undefined until this machine has a copy of the session. */
  view?: SessionView;
  host?: string;
  publishedAt?: string;
  unpublishedSince?: string;
}

export interface PoolReport {
  members: PoolMember[];
  sessions: PoolSession[];
  /** One sentence each. */
  problems: string[];
}

/** Reports what this machine knows about the project's pool. */
export async function poolStatus(question: ProjectQuestion, context: ActionContext): Promise<PoolReport> {
  const { membership, project } = await membershipOf(question, context);
  const members = await membersAt(
    { project, url: membership.remote, prefix: refPrefix(membership) },
    context,
  );
  const status = await readPoolStatus(statusPath(membership, context));
  const views = await readAllSessions(project.values.sessions, context.host);
  const sessions = (status?.sessions ?? []).map(({ id, folder, host, publishedAt, unpublishedSince }) => {
    const view = views.find(({ sessionFile }) => sessionFile?.id === id);
    const name = members.find((member) => member.id === host)?.name ?? host;
    return { session: view?.folder ?? folder, view, host: name, publishedAt, unpublishedSince };
  });
  const isQuiet = status === undefined || context.clock.now() - Date.parse(status.at) > QUIET_MS;
  const since = status === undefined ? '' : ` since ${status.at}`;
  const failed = (status?.problems ?? []).map(({ of, text }) => {
    const session = status?.sessions.find(({ id }) => id === of)?.folder ?? of;
    return session === 'pool' ? text : `${session}: ${text}`;
  });
  const quiet = `The supervisor of this machine has not looked at the pool${since}: see "samocode supervisor".`;
  return { members, sessions, problems: [...(isQuiet ? [quiet] : []), ...failed] };
}

/** Longer than several lease renewals. */
const QUIET_MS = 120_000;

async function poolMembers(question: ProjectQuestion, context: ActionContext): Promise<PoolMember[]> {
  const { membership, project } = await membershipOf(question, context);
  return await membersAt({ project, url: membership.remote, prefix: refPrefix(membership) }, context);
}

/**
 * Trusts a member's states and acts on this machine, after a person has compared the fingerprint on both machines.
 * @param seen the fingerprint that the person was shown
 * @param as the person, named as in GATE_PEOPLE, to whom the member's acts are attributed; default: its name
 */
export async function trustMember(
  { member, seen, as, ...question }: ProjectQuestion & { member: string; seen: string; as?: string },
  context: ActionContext,
): Promise<PoolMember> {
  await requirePerson(context);
  const found = await memberNamed(member, question, context);
  if (found.fingerprint !== seen) throw POOL_ERRORS.pool_key_changed({ member });
  await trustHost(configFolder(context.home), { ...found, name: as ?? found.name });
  return { ...found, isTrusted: true };
}

export async function memberNamed(
  name: string,
  question: ProjectQuestion,
  context: ActionContext,
): Promise<PoolMember> {
  const members = await poolMembers(question, context);
  const named = members.filter((member) => member.name === name || member.id === name);
  const [found] = named;
  if (found === undefined || named.length > 1)
    throw POOL_ERRORS.pool_no_member({
      name,
      members: members.map((each) => `${each.name} (${each.id})`),
    });
  return found;
}

interface Place {
  project: Pick<Project, 'mainRepo'>;
  url: string;
  prefix: RemotePlace['prefix'];
}

/** Refuses agents and models, which must not decide who gets this machine's work. */
async function requirePerson(context: ActionContext): Promise<void> {
  await refuseFromInside(context);
  if (!isPersonal(context.by.channel)) throw POOL_ERRORS.pool_needs_person();
}

async function membershipOf(question: ProjectQuestion, context: ActionContext) {
  const project = await findProjectFor(question, context);
  const file = await readPoolFile(context.home);
  const membership = file?.pools.find(({ config }) => config === project.filePath);
  if (membership === undefined) throw POOL_ERRORS.pool_not_joined({ mainRepo: project.mainRepo });
  return { project, membership };
}

function refPrefix({ prefix }: Membership): RemotePlace['prefix'] {
  return prefix === POOL_BRANCHES ? POOL_BRANCHES : POOL_REFS;
}

function remoteAt({ project, url, prefix }: Place, { env }: ActionContext): GitRemote {
  return new GitRemote({ url, prefix, git: remoteGit(project.mainRepo, env), limitMs: LIMIT_MS });
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

async function pushSelf(place: Place, self: z.infer<typeof Member>, context: ActionContext): Promise<void> {
  const ref = `${POOL_REFS}keys/${self.id}`;
  const remote = remoteAt(place, context);
  const commit = await textCommit(JSON.stringify(self), remoteGit(place.project.mainRepo, context.env));
  await remote.move(ref, commit, (await remote.list(ref)).get(ref));
}

async function membersAt(place: Place, context: ActionContext): Promise<PoolMember[]> {
  const remote = remoteAt(place, context);
  const keys = `${POOL_REFS}keys/*`;
  await remote.fetch([keys]);
  const git = remoteGit(place.project.mainRepo, context.env);
  const commits = await readCommits([...(await remote.list(keys)).values()], git);
  const self = (await readPoolFile(context.home))?.host.id;
  const trusted = await trustedHosts(configFolder(context.home));
  const members = commits.flatMap(({ message }) => Member.safeParse(parseJson(message)).data ?? []);
  return await Promise.all(
    members.map(async (member) => ({
      ...member,
      fingerprint: await fingerprintOf(member.publicKey, context.env),
      isTrusted: trusted.some(({ publicKey }) => publicKey === member.publicKey),
      isSelf: member.id === self,
    })),
  );
}
