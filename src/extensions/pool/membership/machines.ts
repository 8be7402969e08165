import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { PoolMachine } from '../../../core/caller/context/pools.ts';
import { age } from '../../../core/kernel/durations.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { inWords } from '../../../core/kernel/text.ts';
import { isOlder } from '../../../core/kernel/versions.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { fingerprintOf } from '../members/host-keys.ts';
import { fetchedJoinRequests, fetchJoinRequests, type JoinRequest } from '../members/join-request.ts';
import type { MemberList, PoolMember } from '../members/member-list.ts';
import type { Membership } from '../pool-file.ts';
import type { MachineSign, PoolStatus } from './pool-status.ts';
import { poolAt } from './require-membership.ts';

/**
 * A machine of a pool: its place among the members, what it offers, and its last sign of life. Only shown, never used to
 * decide.
 */
export interface ShownMachine extends PoolMachine {
  id: string;
  fingerprint: string;
  /** `asked`: it has published its key, and no owner has added it yet. */
  standing: 'member' | 'asked' | 'removed';
  /** Milliseconds since its last sign of life in the database. */
  seenMsAgo?: number;
  isLive?: boolean;
  /** When the newest state among its sessions was saved. */
  publishedAt?: string;
}

/** The list of a pool's members, and the requests of the machines that are members or ask to be. */
export interface PoolMembers {
  list: MemberList | undefined;
  requests: readonly JoinRequest[];
}

/**
 * @param isLocal read only what was fetched before
 * @returns `problems`: why the list could not be read anew
 */
export async function readPoolMembers(
  membership: Membership,
  project: Pick<Project, 'mainRepo'>,
  context: ActionContext,
  { isLocal = false } = {},
): Promise<PoolMembers & { problems: string[] }> {
  const pool = poolAt(membership, project, context);
  const { lists } = pool;
  const problems: string[] = [];
  try {
    if (!isLocal) await fetchJoinRequests(pool);
    if (!isLocal) await lists.refresh(await lists.tip());
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    problems.push(`${error.what} ${error.why} ${error.hint}`);
  }
  return { requests: await fetchedJoinRequests(pool), list: await lists.kept(), problems };
}

export interface PoolFacts {
  self: string;
  status: PoolStatus | undefined;
  /** Only a database records signs of life. */
  hasDatabase: boolean;
  /** Of this machine. */
  isLeaving: boolean;
  /** The supervisor of this machine, if it has not looked at the pool lately. */
  supervisor: { kind: 'starting' } | { kind: 'quiet'; msAgo?: number } | undefined;
  nowMs: number;
}

/** This machine first, then the members and those that have asked to join, by name. */
export function machinesOf({ list, requests }: PoolMembers, facts: PoolFacts): ShownMachine[] {
  const { members = [], removed = [] } = list ?? {};
  const others = requests.filter((request) => !members.some(({ id }) => id === request.id));
  const isRemoved = ({ id, publicKey }: JoinRequest) =>
    removed.some((each) => each.id === id || each.publicKey === publicKey);
  const machines = [
    ...members.map((member) => {
      const request = requests.find(
        ({ id, publicKey }) => id === member.id && publicKey === member.publicKey,
      );
      return machineOf(member, { standing: 'member', request }, facts);
    }),
    ...others.map((request) =>
      machineOf(request, { standing: isRemoved(request) ? 'removed' : 'asked', request }, facts),
    ),
  ];
  const order = { member: 1, asked: 2, removed: 3 };
  const rank = ({ isSelf, standing }: ShownMachine) => (isSelf ? 0 : order[standing]);
  return machines.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/** The capabilities of a machine that are levels of its sandbox. */
const LEVELS = ['guard', 'strict'];

function machineOf(
  { id, name, publicKey, owner }: Pick<PoolMember, 'id' | 'name' | 'publicKey' | 'owner'>,
  { standing, request }: Pick<ShownMachine, 'standing'> & { request: JoinRequest | undefined },
  facts: PoolFacts,
): ShownMachine {
  const { self, status, nowMs } = facts;
  const sign = status?.hosts.find((host) => host.id === id);
  const offered: Partial<JoinRequest | MachineSign> = { ...request, ...sign };
  const { labels, slots: all, level, version } = offered;
  const held = (status?.sessions ?? []).filter(({ host }) => host === id);
  const used = held.filter(({ wanted }) => wanted).length;
  const machine = {
    ...{ id, name, fingerprint: fingerprintOf(publicKey) },
    standing: sign?.isRemoved ? 'removed' : standing,
    ...{ isSelf: id === self, isOwner: owner === true },
    slots: all === undefined ? undefined : { used, all },
    ...{ level, version },
    publishedAt: held
      .flatMap((session) => session.publishedAt ?? [])
      .sort()
      .at(-1),
    // The signs are as old as the file.
    seenMsAgo: sign && sign.seenMsAgo + Math.max(0, nowMs - Date.parse(status?.lookedAt ?? status?.at ?? '')),
    isLive: sign?.isLive,
  };
  const lacks = labels && lacksOf(labels, status);
  return {
    ...machine,
    sign: signText(machine, facts),
    note: noteOf({ ...machine, lacks }, facts),
    clis: (labels ?? []).filter((label) => !LEVELS.includes(label)),
    sessions: held.map(({ folder }) => folder),
  };
}

/** A session that waits for a machine, and the capabilities that one lacks for it. */
interface Lack {
  session: string;
  needs: readonly string[];
}

/** The first session that waits for a machine with capabilities that this one does not have. */
function lacksOf(labels: readonly string[], status: PoolStatus | undefined): Lack | undefined {
  for (const { host, wanted, needs, folder } of status?.sessions ?? []) {
    const missing = needs.filter((need) => !labels.includes(need));
    if (host === undefined && wanted && missing.length > 0) return { session: folder, needs: missing };
  }
  return undefined;
}

/** `seen 4 s ago`, `last state 3 min ago`. */
export function signText(
  { standing, seenMsAgo, publishedAt }: Pick<ShownMachine, 'standing' | 'seenMsAgo' | 'publishedAt'>,
  { hasDatabase, nowMs }: Pick<PoolFacts, 'hasDatabase' | 'nowMs'>,
): string {
  if (standing === 'asked') return 'asked to join';
  if (hasDatabase) return seenMsAgo === undefined ? 'not seen yet' : `seen ${age(seenMsAgo)} ago`;
  return publishedAt === undefined
    ? 'no state yet'
    : `last state ${age(nowMs - Date.parse(publishedAt))} ago`;
}

/** Says why a machine takes no sessions, the most important reason only; undefined if no reason is known. */
export function noteOf(
  {
    standing,
    isSelf,
    isLive,
    seenMsAgo = 0,
    slots,
    lacks,
    version,
  }: Omit<ShownMachine, 'sign' | 'clis' | 'sessions'> & { lacks?: Lack | undefined },
  { hasDatabase, supervisor, isLeaving }: Pick<PoolFacts, 'hasDatabase' | 'supervisor' | 'isLeaving'>,
  ownVersion = __VERSION__,
): string | undefined {
  if (standing === 'removed') return 'removed from the pool';
  if (standing === 'asked') return 'not a member yet';
  if (isSelf && supervisor?.kind === 'starting') return 'its supervisor starts now';
  if (isSelf && supervisor?.kind === 'quiet')
    return supervisor.msAgo === undefined
      ? 'its supervisor has not looked at the pool yet'
      : `its supervisor has not looked at the pool for ${age(supervisor.msAgo)}`;
  if (hasDatabase && isLive === false)
    return `silent for ${age(seenMsAgo)}; other machines take its sessions`;
  if (isSelf && isLeaving) return 'leaving; it takes no more sessions';
  if (slots !== undefined && slots.used >= slots.all)
    return slots.all === 1 ? 'its only slot is used' : `all ${slots.all} slots are used`;
  if (lacks !== undefined) return `lacks ${inWords(lacks.needs, 'and')} for ${lacks.session}`;
  return version === undefined ? undefined : versionNote(version, ownVersion);
}

function versionNote(version: string, own: string): string | undefined {
  const how = isOlder(version, own) ? 'an older' : isOlder(own, version) ? 'a newer' : undefined;
  return how && `has ${how} version than this machine: ${version}, here ${own}`;
}
