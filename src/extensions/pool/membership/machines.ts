import type { PoolMachine } from '../../../core/caller/context/pools.ts';
import { age } from '../../../core/kernel/durations.ts';
import { inWords } from '../../../core/kernel/text.ts';
import { isOlder } from '../../../core/kernel/versions.ts';
import type { MachineSign, PoolStatus } from './pool-status.ts';

/** A machine of a pool: what it offers, and its last sign of life. Only shown, never used to decide. */
export interface ShownMachine extends PoolMachine {
  /** Its login in the database. */
  id: string;
  isRemoved: boolean;
  /** Milliseconds since its last sign of life. */
  seenMsAgo: number;
  isLive: boolean;
}

export interface PoolFacts {
  self: string;
  status: PoolStatus | undefined;
  /** Of this machine. */
  isLeaving: boolean;
  /** The supervisor of this machine, if it has not looked at the pool lately. */
  supervisor: { kind: 'starting' } | { kind: 'quiet'; msAgo?: number } | undefined;
  nowMs: number;
}

/** This machine first, then the others by name. */
export function machinesOf(facts: PoolFacts): ShownMachine[] {
  const machines = (facts.status?.hosts ?? []).map((sign) => machineOf(sign, facts));
  const rank = ({ isSelf }: ShownMachine) => (isSelf ? 0 : 1);
  return machines.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/** The capabilities of a machine that are levels of its sandbox. */
const LEVELS = ['guard', 'strict'];

function machineOf(sign: MachineSign, facts: PoolFacts): ShownMachine {
  const { self, status, nowMs } = facts;
  const { id, name, labels, level, version, isRemoved, isLive } = sign;
  const held = (status?.sessions ?? []).filter(({ host }) => host === id);
  const used = held.filter(({ wanted }) => wanted).length;
  // The signs are as old as the file.
  const seenMsAgo = sign.seenMsAgo + Math.max(0, nowMs - Date.parse(status?.lookedAt ?? status?.at ?? ''));
  const slots = { used, all: sign.slots };
  const machine = { id, name, isSelf: id === self, isRemoved, isLive, seenMsAgo, slots, level, version };
  return {
    ...machine,
    sign: `seen ${age(seenMsAgo)} ago`,
    note: noteOf({ ...machine, lacks: lacksOf(labels, status) }, facts),
    clis: labels.filter((label) => !LEVELS.includes(label)),
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

/** Says why a machine takes no sessions, the most important reason only; undefined if no reason is known. */
export function noteOf(
  {
    isRemoved,
    isSelf,
    isLive,
    seenMsAgo,
    slots,
    lacks,
    version,
  }: Pick<ShownMachine, 'isRemoved' | 'isSelf' | 'isLive' | 'seenMsAgo' | 'slots' | 'version'> & {
    lacks?: Lack | undefined;
  },
  { supervisor, isLeaving }: Pick<PoolFacts, 'supervisor' | 'isLeaving'>,
  ownVersion = __VERSION__,
): string | undefined {
  if (isRemoved) return 'removed from the pool';
  if (isSelf && supervisor?.kind === 'starting') return 'its supervisor starts now';
  if (isSelf && supervisor?.kind === 'quiet')
    return supervisor.msAgo === undefined
      ? 'its supervisor has not looked at the pool yet'
      : `its supervisor has not looked at the pool for ${age(supervisor.msAgo)}`;
  if (!isLive) return `silent for ${age(seenMsAgo)}; other machines take its sessions`;
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
