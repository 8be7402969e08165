import { age } from '../../../core/kernel/durations.ts';
import { inWords } from '../../../core/kernel/text.ts';
import { isOlder } from '../../../core/kernel/versions.ts';

/** The facts by which a machine's place in the pool is worded. Only shown, never used to decide. */
export interface MachineFacts {
  /** `asked`: it has published its key, and no owner has added it yet. */
  standing: 'member' | 'asked' | 'removed';
  /** Only a database records signs of life. */
  hasDatabase: boolean;
  /** Its last sign of life; undefined if the database has none. */
  seen?: { msAgo: number; isLive: boolean };
  /** The age of the newest state among the sessions that it has. */
  stateMsAgo?: number;
  slots?: { used: number; all: number };
  version?: string;
  /** Known only of this machine. */
  isLeaving?: boolean;
  /** The supervisor of this machine, if it has not looked at the pool lately. */
  supervisor?: { kind: 'starting' } | { kind: 'quiet'; msAgo?: number };
  /** A session that waits for a machine, and the capabilities that this one lacks for it. */
  lacks?: { session: string; needs: readonly string[] };
}

/** `seen 4 s ago`, `last state 3 min ago`. */
export function signText({ standing, hasDatabase, seen, stateMsAgo }: MachineFacts): string {
  if (standing === 'asked') return 'asked to join';
  if (hasDatabase) return seen === undefined ? 'not seen yet' : `seen ${age(seen.msAgo)} ago`;
  return stateMsAgo === undefined ? 'no state yet' : `last state ${age(stateMsAgo)} ago`;
}

/** Says why a machine takes no sessions, the most important reason only; undefined if no reason is known. */
export function noteOf(facts: MachineFacts, ownVersion: string): string | undefined {
  const { standing, hasDatabase, seen, supervisor, isLeaving, slots, lacks, version } = facts;
  if (standing === 'removed') return 'removed from the pool';
  if (standing === 'asked') return 'not a member yet';
  if (supervisor?.kind === 'starting') return 'its supervisor starts now';
  if (supervisor?.kind === 'quiet')
    return supervisor.msAgo === undefined
      ? 'its supervisor has not looked at the pool yet'
      : `its supervisor has not looked at the pool for ${age(supervisor.msAgo)}`;
  if (hasDatabase && seen?.isLive === false)
    return `silent for ${age(seen.msAgo)}; other machines take its sessions`;
  if (isLeaving) return 'leaving; it takes no more sessions';
  if (slots !== undefined && slots.used >= slots.all)
    return slots.all === 1 ? 'its only slot is used' : `all ${slots.all} slots are used`;
  if (lacks !== undefined) return `lacks ${inWords(lacks.needs, 'and')} for ${lacks.session}`;
  return version === undefined ? undefined : versionNote(version, ownVersion);
}

function versionNote(version: string, own: string): string | undefined {
  const how = isOlder(version, own) ? 'an older' : isOlder(own, version) ? 'a newer' : undefined;
  return how && `has ${how} version than this machine: ${version}, here ${own}`;
}
