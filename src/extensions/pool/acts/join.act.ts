import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor, type ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import { supervise } from '../../../core/caller/context/supervision.ts';
import { requireTrust } from '../../../core/caller/context/trust-project.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { GitRemote, POOL_BRANCHES, POOL_REFS, type RemotePlace, remoteGit } from '../board/git-remote.ts';
import { fingerprintOf, hostKey } from '../members/host-keys.ts';
import { publishJoinRequest, withdrawJoinRequest } from '../members/join-request.ts';
import {
  type MemberList,
  MemberName,
  type MemberStanding,
  type PoolMember,
  standingIn,
} from '../members/member-list.ts';
import { textCommit } from '../members/signed-commit.ts';
import { joinRequestOf, postgresBoard, rootCommit } from '../membership/open-member.ts';
import { membershipOf, poolAt, REMOTE_LIMIT_MS, requirePerson } from '../membership/require-membership.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { changePoolFile, type Membership, membershipFolder, readPoolFile } from '../pool-file.ts';

/** The decisions that only a person makes, with what they need to make them. */
export type JoinQuestion =
  | { kind: 'create'; url: string }
  | { kind: 'owner'; name: string; fingerprint: string };

export interface JoinInput extends ProjectQuestion {
  remote?: string;
  database?: string;
  slots?: number;
  /** The name of this machine in the pool; default: its host name. */
  name?: string;
  /** Accepts a remote that can be read without a login: questions, answers and prompts go there. */
  isPublic?: boolean;
  /** The whole fingerprint of an owner of the pool, which a person has compared. */
  owner?: string;
  /** Creates a pool at a remote that has no pool yet. */
  create?: boolean;
  /** Asks the person; undefined without a terminal. */
  ask?: (question: JoinQuestion) => Promise<boolean>;
}

export interface Joined {
  membership: Membership;
  fingerprint: string;
  standing: MemberStanding;
  list: MemberList;
}

/**
 * Makes this machine ask to become a member of the pool at a git remote, for one project; the first machine creates the
 * pool and owns it. A repeated call changes the given values.
 * @returns undefined if the person said no
 */
export async function joinPool(input: JoinInput, context: ActionContext): Promise<Joined | undefined> {
  await requirePerson(context, 'pool join --remote <url> --owner SHA256:…');
  const project = await findProjectFor(input, context);
  await requireTrust(project, context);
  const before = (await readPoolFile(context.home))?.pools.find(({ config }) => config === project.filePath);
  const membership = await wantedMembership(input, { project, before }, context);
  try {
    return await joinAs(membership, { input, project, before }, context);
  } finally {
    // Without a record, the next call makes another id and another key.
    const isRecorded = (await readPoolFile(context.home))?.pools.some(({ id }) => id === membership.id);
    if (!isRecorded) await rm(membershipFolder(context.home, membership), { recursive: true, force: true });
  }
}

async function joinAs(
  membership: Membership,
  { input, project, before }: { input: JoinInput; project: Project; before: Membership | undefined },
  context: ActionContext,
): Promise<Joined | undefined> {
  const { id, name, remote: url } = membership;
  const publicKey = await hostKey(membershipFolder(context.home, membership), context.env);
  const pool = poolAt(membership, project, context);
  const list = await acceptedList(input, { membership, publicKey, pool }, context);
  if (list === undefined) return undefined;
  const board = boardOf(membership);
  if (list.board !== board) throw POOL_ERRORS.pool_other_board({ url, chosen: list.board, board });
  const standing = standingIn(list, id);
  if (standing === 'removed') throw POOL_ERRORS.pool_removed({ host: name });
  if (list.members.some((member) => member.name === name && member.id !== id))
    throw POOL_ERRORS.pool_name_taken({ name });
  await record(membership, context);
  await publishJoinRequest(await joinRequestOf(membership, project, context), pool.folder, pool);
  if (before !== undefined && before.id !== id) {
    await withdrawJoinRequest(before.id, pool);
    await rm(membershipFolder(context.home, before), { recursive: true, force: true });
  }
  await supervise(context, project.values.sessions);
  return { membership, fingerprint: fingerprintOf(publicKey), standing, list };
}

/** Stops taking sessions, and gives each held one back at its next pause. */
export async function leavePool(question: ProjectQuestion, context: ActionContext): Promise<Membership> {
  await requirePerson(context);
  const { membership, project } = await membershipOf(question, context);
  const list = await poolAt(membership, project, context).lists.kept();
  const owners = list?.members.filter(({ owner }) => owner) ?? [];
  const isLast = owners.length === 1 && owners[0]?.id === membership.id;
  if (isLast) throw POOL_ERRORS.pool_last_owner({ name: membership.name });
  await record({ ...membership, leaving: true }, context);
  await supervise(context);
  return membership;
}

async function record(membership: Membership, context: ActionContext): Promise<void> {
  await changePoolFile(context, ({ pools, ...rest }) => ({
    ...rest,
    pools: [...pools.filter(({ config }) => config !== membership.config), membership],
  }));
}

/** The membership that the call asks for. After `samocode pool leave`, it has a new id and a new key. */
async function wantedMembership(
  input: JoinInput,
  { project, before }: { project: Project; before: Membership | undefined },
  context: ActionContext,
): Promise<Membership> {
  const { remote = before?.remote, database = before?.database, slots = before?.slots } = input;
  if (remote === undefined) throw POOL_ERRORS.pool_no_remote();
  if (URL.canParse(remote) && new URL(remote).password !== '') throw POOL_ERRORS.pool_remote_password();
  if (database !== undefined && hasPassword(database)) throw POOL_ERRORS.pool_database_password();
  const name = input.name ?? before?.name ?? hostname().replace(/[^\p{L}\p{N}._-]+/gu, '-');
  if (!MemberName.safeParse(name).success) throw POOL_ERRORS.pool_name_invalid({ name });
  const kept = before?.leaving ? undefined : before;
  const root = await rootCommit(project.mainRepo, context.env);
  const prefix = await acceptedPrefix(project, remote, { isPublic: input.isPublic === true }, context);
  if (database !== undefined) {
    await using board = await postgresBoard(database, context);
    await board.prepare();
  }
  const id = kept?.id ?? randomBytes(8).toString('hex');
  return { id, name, project: root, config: project.filePath, remote, prefix, database, slots };
}

function hasPassword(database: string): boolean {
  if (/\bpassword\s*=/i.test(database)) return true;
  return URL.canParse(database) && new URL(database).password !== '';
}

function boardOf({ database }: Membership): MemberList['board'] {
  return database === undefined ? 'remote' : 'postgres';
}

/** The list of members that is in force here, after the person has accepted or created it. */
async function acceptedList(
  input: JoinInput,
  self: { membership: Membership; publicKey: string; pool: ReturnType<typeof poolAt> },
  context: ActionContext,
): Promise<MemberList | undefined> {
  const { lists } = self.pool;
  const tip = await lists.tip();
  if ((await lists.kept()) !== undefined) return await lists.refresh(tip);
  if (tip === undefined) {
    const founded = await found(input, self, context);
    if (founded !== 'late') return founded;
  }
  const there = tip ?? (await lists.tip());
  if (there === undefined) return undefined;
  return await lists.adopt(there, (owners) => isVouched(owners, input, self));
}

/** @returns undefined if the person said no; `late` if another machine has created the pool in the meantime */
async function found(
  { create, ask }: JoinInput,
  {
    membership,
    publicKey,
    pool,
  }: { membership: Membership; publicKey: string; pool: ReturnType<typeof poolAt> },
  context: ActionContext,
): Promise<MemberList | 'late' | undefined> {
  const url = membership.remote;
  if (!create) {
    if (ask === undefined) throw POOL_ERRORS.pool_needs_create({ url });
    if (!(await ask({ kind: 'create', url }))) return undefined;
  }
  const { id, name } = membership;
  // Recorded first: after a crash, the next call finds the list signed with this machine's own key.
  await record(membership, context);
  const self = { id, name, publicKey, owner: true as const, by: id };
  const next = { board: boardOf(membership), members: [self], removed: [] };
  const { how, list } = await pool.lists.publish(next, undefined);
  if (how === 'moved') return list;
  if (how === 'unreachable') throw POOL_ERRORS.pool_unreachable({ url });
  return 'late';
}

/** @param owners those that have signed the list, newest first */
async function isVouched(
  owners: readonly PoolMember[],
  { owner, ask }: JoinInput,
  { publicKey }: { publicKey: string },
): Promise<boolean> {
  const known = owners.map(({ name, publicKey: key }) => ({ name, fingerprint: fingerprintOf(key) }));
  const isOwn = owners.some((each) => each.publicKey === publicKey);
  if (isOwn || known.some(({ fingerprint }) => fingerprint === owner)) return true;
  const [first = { name: '', fingerprint: '' }] = known;
  if (owner !== undefined) {
    const shown = known.map(({ name, fingerprint }) => `${fingerprint} (${name})`);
    throw POOL_ERRORS.pool_other_owner({ owner, owners: shown });
  }
  if (ask === undefined) throw POOL_ERRORS.pool_needs_owner(first);
  return await ask({ kind: 'owner', ...first });
}

/** Finds a ref prefix that the server accepts; some servers accept only branches and tags. */
async function acceptedPrefix(
  project: Project,
  url: string,
  { isPublic }: { isPublic: boolean },
  context: ActionContext,
): Promise<RemotePlace['prefix']> {
  const git = remoteGit(project.mainRepo, context.env);
  for (const prefix of [POOL_REFS, POOL_BRANCHES] as const) {
    const remote = new GitRemote({ url, prefix, git, limitMs: REMOTE_LIMIT_MS });
    if (!isPublic && prefix === POOL_REFS && (await remote.isPublic()))
      throw POOL_ERRORS.pool_remote_public({ url });
    const probed = await remote.probe((text) => textCommit(text, git));
    if (probed === 'works') return prefix;
    if (probed === 'unreachable') throw POOL_ERRORS.pool_unreachable({ url });
    if (probed === 'read_only') throw POOL_ERRORS.pool_read_only({ url });
  }
  throw POOL_ERRORS.pool_refs_declined({ url });
}
