import { basename, join } from 'node:path';
import * as z from 'zod';
import type { Clock } from '../../../core/kernel/clock.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { plainJson } from '../../../core/kernel/files/plain-file.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import type { Host } from '../../../core/kernel/processes/host.ts';
import { whileHolding } from '../../../core/kernel/processes/lease.ts';
import { gitLine, runGit } from '../../../core/project/git/git.ts';
import { commitOf, type GitContext, isAncestor } from '../../../core/project/git/repository.ts';
import type { Oid } from '../board/board.ts';
import { POOL_REFS, type PoolRemote, type Push } from '../board/git-remote.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { type Membership, membershipFolder, TURN_LIMIT_MS } from '../pool-file.ts';
import { fingerprintOf, keyPathIn, PUBLIC_KEY } from './host-keys.ts';
import { signedCommit, verifySigned } from './signed-commit.ts';

const LIST_FILE = 'members.json';
export const MEMBERS_REF = `${POOL_REFS}members`;

export const MemberId = z.string().regex(/^[\w-]{1,64}$/);
const Commit = z.string().regex(/^(?:[\da-f]{40}|[\da-f]{64})$/);
/** Names are typed in commands and shown in tables. */
export const MemberName = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,62}$/u);
export const MemberKey = z.string().regex(PUBLIC_KEY);

export const PoolMember = z.object({
  id: MemberId,
  name: MemberName,
  /** The person to whom its acts are attributed, for GATE_PEOPLE; default: its name. */
  person: MemberName.optional(),
  publicKey: MemberKey,
  /** May add and remove members. */
  owner: z.literal(true).optional(),
  by: MemberId,
});
export type PoolMember = z.infer<typeof PoolMember>;

const RemovedMember = z.object({
  id: MemberId,
  name: MemberName,
  publicKey: MemberKey,
  at: z.iso.datetime(),
  by: MemberId,
  /** The newest states that others may still use, by the name of their ref below the prefix. */
  tips: z.record(z.string(), Commit),
});

/** The message of a commit of the list. */
const ListText = z.object({
  v: z.literal(1),
  number: z.int().positive(),
  board: z.enum(['remote', 'postgres']),
  members: z.array(PoolMember).min(1),
  removed: z.array(RemovedMember),
});
type ListText = z.infer<typeof ListText>;

const KeptList = ListText.extend({ commit: Commit });
export type MemberList = Omit<z.infer<typeof KeptList>, 'v'>;

export interface MemberListsPlan {
  folder: string;
  remote: Pick<PoolRemote, 'list' | 'fetch' | 'move' | 'nameOf'>;
  git: GitContext & { cwd: string };
  host: Host;
  clock: Clock;
}

/**
 * The signed list of a pool's members, as one membership has accepted it. Each commit continues the one before it and
 * is signed by an owner of that one, so that whoever may push to the remote cannot change who belongs to the pool.
 */
export class MemberLists {
  readonly #plan: MemberListsPlan;

  constructor(plan: MemberListsPlan) {
    this.#plan = plan;
  }

  /** The list that is in force here; undefined before the first one was accepted. */
  async kept(): Promise<MemberList | undefined> {
    return await keptListIn(this.#plan.folder);
  }

  async tip(): Promise<Oid | undefined> {
    return (await this.#plan.remote.list(MEMBERS_REF)).get(MEMBERS_REF);
  }

  /** Accepts the newest list. @returns false if that failed; the kept one then stays in force */
  async look(report: (error: unknown) => void): Promise<boolean> {
    try {
      await this.refresh(await this.tip());
      return true;
    } catch (error) {
      report(error);
      return false;
    }
  }

  /**
   * Accepts the list at the given tip if it continues the kept one.
   * @throws if it does not; the kept list then stays in force
   */
  async refresh(tip: Oid | undefined): Promise<MemberList> {
    const kept = await this.kept();
    if (kept === undefined) throw POOL_ERRORS.members_not_accepted();
    if (tip === undefined) throw POOL_ERRORS.members_missing(this.#restoring(kept));
    if (tip === kept.commit) return kept;
    await this.#fetch(tip);
    const { list } = await this.#read(tip, kept);
    return await this.#keep(list);
  }

  /**
   * Accepts a list for the first time.
   * @param isVouched whether the person vouches for one of these owners, each of which has signed the list; newest first
   */
  async adopt(
    tip: Oid,
    isVouched: (owners: readonly PoolMember[]) => Promise<boolean>,
  ): Promise<MemberList | undefined> {
    await this.#fetch(tip);
    const { list, signers } = await this.#read(tip, undefined);
    const owners = [...new Set(signers.reverse())].flatMap((id) => {
      const member = list.members.find((each) => each.id === id);
      return member?.owner ? [member] : [];
    });
    return (await isVouched(owners)) ? await this.#keep(list) : undefined;
  }

  /**
   * Signs the next list, and publishes it if no other owner was faster.
   * @param before undefined to found the pool
   */
  async publish(
    next: Omit<MemberList, 'number' | 'commit'>,
    before: MemberList | undefined,
  ): Promise<{ how: Push; list: MemberList }> {
    const { folder, git, remote } = this.#plan;
    const text: ListText = { ...next, v: 1, number: (before?.number ?? 0) + 1 };
    const parents = before === undefined ? [] : [before.commit];
    const problem = problemOf({ list: { ...text, commit: '' }, parents }, before);
    if (problem !== undefined) throw new Error(`${problem}, so no machine would accept it.`);
    const commit = await signedCommit({ parents, text: listText(text) }, keyPathIn(folder), git);
    const how = await remote.move(MEMBERS_REF, commit, before?.commit);
    const list = { ...ListText.parse(text), commit };
    if (how === 'moved') await this.#keep(list);
    return { how, list };
  }

  async #fetch(tip: Oid): Promise<void> {
    await this.#plan.remote.fetch([MEMBERS_REF]);
    if ((await commitOf(tip, this.#plan.git)) === undefined)
      throw POOL_ERRORS.members_malformed({ commit: tip, problem: 'The remote does not send it' });
  }

  /** Verifies every commit from the kept list to the tip. @returns `signers`: the ids of the owners that signed */
  async #read(tip: Oid, kept: MemberList | undefined): Promise<{ list: MemberList; signers: string[] }> {
    const signers: string[] = [];
    let list = kept;
    for (const commit of await this.#chain(tip, kept)) {
      const next = await nextList(commit, list, this.#plan.git).catch((error: unknown) => {
        const more = { commit, kept: kept && this.#restoring(kept, tip) };
        if (error instanceof Malformed)
          throw POOL_ERRORS.members_malformed({ ...more, problem: error.message });
        if (POOL_ERRORS.state_unsigned.is(error) || error instanceof NotByOwner)
          throw POOL_ERRORS.members_not_by_owner(more);
        throw error;
      });
      signers.push(next.signer);
      list = next.list;
    }
    if (list === undefined) throw POOL_ERRORS.members_not_accepted();
    return { list, signers };
  }

  /** The commits after the kept list, oldest first. */
  async #chain(tip: Oid, kept: MemberList | undefined): Promise<Oid[]> {
    const env = { GIT_NO_REPLACE_OBJECTS: '1' };
    const git = { ...this.#plan.git, env };
    if (kept !== undefined) {
      const continues = await isAncestor(kept.commit, tip, git);
      const isOlder = !continues && (await isAncestor(tip, kept.commit, git));
      if (isOlder) throw POOL_ERRORS.members_rolled_back(this.#restoring(kept, tip));
      if (!continues) throw POOL_ERRORS.members_forked(this.#restoring(kept, tip));
    }
    const range = kept === undefined ? [tip] : [`${kept.commit}..${tip}`];
    const list = await gitLine(['rev-list', '--first-parent', '--reverse', ...range], git);
    return list.split('\n').filter(Boolean);
  }

  /** Writes the list that is in force, unless a newer one has been written in the meantime. Programs take turns. */
  async #keep(list: MemberList): Promise<MemberList> {
    const { folder, host, clock } = this.#plan;
    const turn = { host, clock, limitMs: TURN_LIMIT_MS };
    return await whileHolding(join(folder, 'turn'), turn, () => this.#write(list));
  }

  async #write(list: MemberList): Promise<MemberList> {
    const { git, folder } = this.#plan;
    const kept = await this.kept();
    if (kept !== undefined && kept.number >= list.number) return kept;
    // Without a ref, git would delete the commits after the remote was rolled back.
    await runGit(['update-ref', `refs/samocode-members/${basename(folder)}`, list.commit], git);
    await writeWhole(join(folder, LIST_FILE), `${JSON.stringify({ v: 1, ...list }, null, 2)}\n`, {
      mode: 0o600,
    });
    return list;
  }

  #restoring({ number, commit }: MemberList, tip: Oid = '') {
    return { number, commit, tip, ref: this.#plan.remote.nameOf(MEMBERS_REF) };
  }
}

export type MemberStanding = 'member' | 'waits' | 'removed';

export function standingIn(list: MemberList | undefined, id: string): MemberStanding {
  if (list?.members.some((member) => member.id === id)) return 'member';
  return list?.removed.some((member) => member.id === id) ? 'removed' : 'waits';
}

/** The name of this machine in a pool: an owner may have chosen another one than it asked for. */
export async function nameOf(membership: Membership, home: string): Promise<string> {
  const list = await keptListIn(membershipFolder(home, membership));
  return list?.members.find(({ id }) => id === membership.id)?.name ?? membership.name;
}

export async function keptListIn(folder: string): Promise<MemberList | undefined> {
  return await plainJson(join(folder, LIST_FILE), KeptList);
}

export function memberWithKey({ members }: MemberList, key: string): PoolMember | undefined {
  return members.find(({ publicKey }) => fingerprintOf(publicKey) === key);
}

function listText(list: ListText): string {
  return JSON.stringify(ListText.parse(list));
}

class Malformed extends Error {}
class NotByOwner extends Error {}

/** Reads and verifies the list that follows another one. */
async function nextList(
  commit: Oid,
  before: MemberList | undefined,
  git: GitContext & { cwd: string },
): Promise<{ list: MemberList; signer: string }> {
  const { text, key, parents } = await verifySigned(commit, git);
  const { data } = ListText.safeParse(parseJson(text));
  if (data === undefined) throw new Malformed('Its message is not that of a list of members');
  const { v: _, ...rest } = data;
  const list = { ...rest, commit };
  const problem = problemOf({ list, parents }, before);
  if (problem !== undefined) throw new Malformed(problem);
  // The founder signs the first list.
  const signer = memberWithKey(before ?? list, key);
  if (!signer?.owner) throw new NotByOwner();
  const isFromBefore = (id: string) => before?.members.some((member) => member.id === id);
  if (list.members.some(({ id, by }) => by !== signer.id && !isFromBefore(id)))
    throw new Malformed('It names another owner than its signer');
  return { list, signer: signer.id };
}

/** @returns why a list cannot follow the one before it */
function problemOf(
  { list, parents }: { list: MemberList; parents: readonly Oid[] },
  before: MemberList | undefined,
): string | undefined {
  if (parents.join() !== (before?.commit ?? '')) return 'It does not continue the list before it';
  if (list.number !== (before?.number ?? 0) + 1)
    return 'Its number does not follow that of the list before it';
  if (before !== undefined && list.board !== before.board) return 'It changes the kind of board';
  const all = [...list.members, ...list.removed];
  const isUnique = (values: readonly string[]) => new Set(values).size === values.length;
  if (!isUnique(all.map(({ id }) => id)) || !isUnique(all.map(({ publicKey }) => publicKey)))
    return 'It has a member twice';
  if (!isUnique(list.members.map(({ name }) => name))) return 'It has two members of the same name';
  if (!list.members.some(({ owner }) => owner)) return 'It has no owner';
  const isKnown = (known: Pick<PoolMember, 'id' | 'publicKey'>, among: readonly (typeof known)[]) =>
    among.some(({ id, publicKey }) => id === known.id && publicKey === known.publicKey);
  const { members = [], removed = [] } = before ?? {};
  if (!members.every((member) => isKnown(member, all))) return 'It drops a member without a record';
  return removed.every((member) => isKnown(member, list.removed)) ? undefined : 'It forgets a removed member';
}
