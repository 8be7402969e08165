import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { GIT_ERRORS } from '../../../core/project/git/git-errors.ts';
import type { Oid } from '../board/board.ts';
import { POOL_REFS } from '../board/git-remote.ts';
import { readStateManifest } from '../board/state-manifest.ts';
import { fingerprintOf } from '../members/host-keys.ts';
import { type JoinRequest, readJoinRequests } from '../members/join-request.ts';
import { type MemberList, MemberName, memberWithKey, type PoolMember } from '../members/member-list.ts';
import { verifySigned } from '../members/signed-commit.ts';
import { postgresBoard } from '../membership/open-member.ts';
import { membershipOf, poolAt, requirePerson } from '../membership/require-membership.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import type { Membership } from '../pool-file.ts';

export interface AddInput extends ProjectQuestion {
  /** The whole fingerprint of the key of the machine that asks to join, or of a member to change. */
  fingerprint: string;
  /** Default: the name that the machine asked for. */
  name?: string;
  owner?: boolean;
  /** The person, named as in GATE_PEOPLE, to whom its acts are attributed; default: its name. */
  as?: string;
}

/** Adds a machine to the pool, or changes a member. Every other machine then uses its states and acts. */
export async function addMember(input: AddInput, context: ActionContext): Promise<PoolMember> {
  await requirePerson(context);
  const { membership, project } = await membershipOf(input, context);
  for (const name of [input.name, input.as])
    if (name !== undefined && !MemberName.safeParse(name).success)
      throw POOL_ERRORS.pool_name_invalid({ name });
  const requests = await readJoinRequests(poolAt(membership, project, context));
  const list = await changeList(membership, project, context, (before) => {
    const known = memberWithKey(before, input.fingerprint);
    const { id, name, publicKey } = known ?? asking(requests, before, input.fingerprint);
    const added = {
      id,
      name: input.name ?? name,
      person: input.as ?? known?.person,
      publicKey,
      owner: input.owner || known?.owner ? (true as const) : undefined,
      by: known?.by ?? membership.id,
    };
    const others = before.members.filter((each) => each.id !== id);
    if (others.some((each) => each.name === added.name))
      throw POOL_ERRORS.pool_name_taken({ name: added.name });
    return { ...before, members: [...others, added] };
  });
  return memberWithKey(list, input.fingerprint) as PoolMember;
}

function asking(requests: readonly JoinRequest[], list: MemberList, fingerprint: string): JoinRequest {
  // Anyone who may push can publish a request with the id of a member.
  const known = [...list.members, ...list.removed];
  const open = requests.filter(({ id, publicKey }) =>
    known.every((each) => each.id !== id && each.publicKey !== publicKey),
  );
  const found = open.find(({ publicKey }) => fingerprintOf(publicKey) === fingerprint);
  if (found !== undefined) return found;
  const others = open.map(({ name, publicKey }) => `${fingerprintOf(publicKey)} (${name})`);
  throw POOL_ERRORS.pool_no_card({ fingerprint, asking: others });
}

export interface Removal {
  member: Pick<PoolMember, 'id' | 'name' | 'publicKey'>;
  /** The folders of the sessions that other machines may take now. */
  sessions: string[];
  added: PoolMember[];
  /** The role with which it uses the database. */
  login?: string;
}

/**
 * Removes a machine from the pool. Others use the states that it has published until now, and nothing later. A repeated
 * call completes one that did not reach the database.
 */
export async function removeMember(
  { name, ...question }: ProjectQuestion & { name: string },
  context: ActionContext,
): Promise<Removal> {
  await requirePerson(context);
  const { membership, project } = await membershipOf(question, context);
  let removal: Pick<Removal, 'member' | 'sessions'> | undefined;
  const list = await changeList(membership, project, context, async (before) => {
    const member = memberNamed(before, name);
    if (member.id === membership.id) throw POOL_ERRORS.pool_remove_self({ name: member.name });
    const newest = await newestStates(member, poolAt(membership, project, context));
    removal = { member, sessions: newest.flatMap(({ isHeld, folder }) => (isHeld ? [folder] : [])) };
    const members = before.members.filter(({ id }) => id !== member.id);
    if (members.length === before.members.length) return before;
    const tips = Object.fromEntries(newest.map(({ ref, commit }) => [ref.slice(POOL_REFS.length), commit]));
    const record = { ...member, at: isoUtc(context.clock.now()), by: membership.id, tips };
    return { ...before, members, removed: [...before.removed, record] };
  });
  const { member, sessions } = removal as unknown as Removal;
  const added = list.members.filter(({ by }) => by === member.id);
  const login = await removeFromBoard(membership, member.id, context).catch((cause: unknown) => {
    throw POOL_ERRORS.pool_half_removed({ name: member.name }, { cause });
  });
  return { member, sessions, added, login };
}

/** A member, or one that was removed before. */
function memberNamed({ members, removed }: MemberList, name: string): Removal['member'] {
  const isIt = (each: Removal['member']) => each.name === name || each.id === name;
  const found = members.find(isIt) ?? removed.findLast(isIt);
  if (found === undefined)
    throw POOL_ERRORS.pool_no_member({ name, members: members.map((each) => `${each.name} (${each.id})`) });
  return { id: found.id, name: found.name, publicKey: found.publicKey };
}

/** The sessions whose newest state a member has signed. */
async function newestStates(
  { id, publicKey }: Removal['member'],
  { remote, git }: ReturnType<typeof poolAt>,
) {
  const refs = await remote.list(`${POOL_REFS}sessions/*`);
  if (refs.size > 0) await remote.fetch([`${POOL_REFS}sessions/*`]);
  const key = fingerprintOf(publicKey);
  const states: Array<{ ref: string; commit: Oid; folder: string; isHeld: boolean }> = [];
  for (const [ref, commit] of refs) {
    const verified = await verifySigned(commit, git).catch(() => undefined);
    if (verified?.key !== key) continue;
    const reading = readStateManifest(verified.text);
    if (reading.kind !== 'manifest') continue;
    const { folder, host } = reading.manifest;
    states.push({ ref, commit, folder, isHeld: host === id });
  }
  return states;
}

async function removeFromBoard({ database }: Membership, id: string, { clock }: ActionContext) {
  if (database === undefined) return undefined;
  await using board = await postgresBoard(database, { clock });
  return await board.remove(id);
}

/** Changes the list as an owner, once more if another owner was faster. @param change returns the same list for no change */
async function changeList(
  membership: Membership,
  project: Pick<Project, 'mainRepo'>,
  context: ActionContext,
  change: (list: MemberList) => MemberList | Promise<MemberList>,
): Promise<MemberList> {
  const { lists, remote } = poolAt(membership, project, context);
  for (let tries = 0; tries < 2; tries += 1) {
    const before = await lists.refresh(await lists.tip());
    const owners = before.members.filter(({ owner }) => owner);
    if (!owners.some(({ id }) => id === membership.id))
      throw POOL_ERRORS.pool_not_owner({ owners: owners.map(({ name }) => name) });
    const next = await change(before);
    if (next === before) return before;
    const { how, list } = await lists.publish(next, before);
    if (how === 'moved') return list;
    // A push whose answer was lost has arrived if the remote has it.
    if ((await lists.tip()) === list.commit) return await lists.refresh(list.commit);
    if (how === 'unreachable')
      throw GIT_ERRORS.git_unreachable({ subcommand: 'push', cwd: remote.nameOf(POOL_REFS) });
  }
  throw POOL_ERRORS.pool_list_moved();
}
