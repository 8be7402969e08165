import type { PoolMachine } from '../../../core/caller/context/pools.ts';
import { type MachineFacts, noteOf, signText } from '../shown/machine-words.ts';
import type { MachineSign, PoolStatus } from '../shown/pool-status.ts';

/** A machine as the pool's refs name it. */
export interface ListedMachine
  extends Pick<PoolMachine, 'name' | 'isSelf' | 'isOwner'>,
    Pick<MachineFacts, 'standing'>,
    Partial<Pick<MachineSign, 'labels' | 'slots' | 'level' | 'version'>> {
  id: string;
  fingerprint: string;
}

export interface ShownMachine extends PoolMachine, Pick<ListedMachine, 'id' | 'fingerprint' | 'standing'> {
  /** Milliseconds since its last sign of life in the database. */
  seenMsAgo?: number;
  isLive?: boolean;
  /** When the newest state among its sessions was saved. */
  publishedAt?: string;
}

export interface MachinesPlan {
  status: PoolStatus | undefined;
  hasDatabase: boolean;
  /** Of this machine. */
  isLeaving: boolean;
  supervisor: MachineFacts['supervisor'];
  nowMs: number;
}

/** This machine first, then the members and those that have asked to join, by name. */
export function shownMachines(listed: readonly ListedMachine[], plan: MachinesPlan): ShownMachine[] {
  const order = { member: 1, asked: 2, removed: 3 };
  const rank = ({ isSelf, standing }: ShownMachine) => (isSelf ? 0 : order[standing]);
  return listed
    .map((machine) => shownMachine(machine, plan))
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/** The capabilities of a machine that are levels of its sandbox. */
const LEVELS = ['guard', 'strict'];

function shownMachine(machine: ListedMachine, plan: MachinesPlan): ShownMachine {
  const { id, name, fingerprint, standing, isSelf, isOwner } = machine;
  const { status, hasDatabase, nowMs } = plan;
  const sign = status?.hosts.find((host) => host.id === id);
  const { labels, slots: all, level, version } = { ...machine, ...sign };
  const held = (status?.sessions ?? []).filter(({ host }) => host === id);
  const used = held.filter(({ wanted }) => wanted).length;
  const slots = all === undefined ? undefined : { used, all };
  // The signs are as old as the file.
  const seenMsAgo =
    sign && sign.seenMsAgo + Math.max(0, nowMs - Date.parse(status?.lookedAt ?? status?.at ?? ''));
  const publishedAt = held
    .flatMap((session) => session.publishedAt ?? [])
    .sort()
    .at(-1);
  const facts: MachineFacts = {
    ...{ standing: sign?.isRemoved ? 'removed' : standing, hasDatabase, slots, version },
    seen: sign && seenMsAgo !== undefined ? { msAgo: seenMsAgo, isLive: sign.isLive } : undefined,
    stateMsAgo: publishedAt === undefined ? undefined : nowMs - Date.parse(publishedAt),
    lacks: labels && lacksOf(labels, status),
    ...(isSelf && { isLeaving: plan.isLeaving, supervisor: plan.supervisor }),
  };
  return {
    ...{
      id,
      name,
      fingerprint,
      standing: facts.standing,
      isSelf,
      isOwner,
      slots,
      level,
      version,
      publishedAt,
    },
    ...{ seenMsAgo, isLive: sign?.isLive, sign: signText(facts), note: noteOf(facts, __VERSION__) },
    clis: (labels ?? []).filter((label) => !LEVELS.includes(label)),
    sessions: held.map(({ folder }) => folder),
  };
}

/** The first session that waits for a machine with capabilities that this one does not have. */
function lacksOf(labels: readonly string[], status: PoolStatus | undefined): MachineFacts['lacks'] {
  for (const { host, wanted, needs, folder } of status?.sessions ?? []) {
    const missing = needs.filter((need) => !labels.includes(need));
    if (host === undefined && wanted && missing.length > 0) return { session: folder, needs: missing };
  }
  return undefined;
}
