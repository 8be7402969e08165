import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { BASE_ERRORS } from '../base-errors.ts';
import { type Clock, isoUtc } from '../clock.ts';
import { ifThere } from '../errors.ts';
import { writeUnsynced, writeWhole } from '../files/atomic-file.ts';
import { makeFolder } from '../files/make-folder.ts';
import { deviceAt, namesAt, statsAt } from '../files/path-stats.ts';
import { plainJson } from '../files/plain-file.ts';
import { type Host, identify, isSameProcess, type Liveness, livenessOf, ProcessIdentity } from './host.ts';

/** Ownership: the file `NNNNNN.json` with the highest number in a folder of leases. */
export const Lease = z.object({
  /** Later versions keep these fields, so that an older program respects their living owners. */
  v: z.int().positive(),
  /** The fencing token: grows with every owner and is part of everything the owner writes. */
  number: z.int().positive(),
  owner: ProcessIdentity,
  /** The owner's container, if the owner could see all processes in it. */
  container: z.string().optional(),
  /** The identity of the supervisor that continues after this owner; other supervisors do not. */
  supervisor: z.string().optional(),
  /** Another lease of the same owner, by relative folder and number: this one ends with it. */
  under: z.object({ leases: z.string(), number: z.int().positive() }).optional(),
  /** Set while no machine has the session: the requirements that no machine meets. */
  unmetRequirements: z.array(z.string()).optional(),
  acquiredAt: z.iso.datetime(),
  releasedAt: z.iso.datetime().optional(),
  /** Set by an owner that lost it to another, once everything it had started has ended. Not a clean release. */
  lostAt: z.iso.datetime().optional(),
});
export type Lease = z.infer<typeof Lease>;

export type Holding =
  | { kind: 'free' }
  | { kind: 'held'; lease: Lease; liveness: Liveness }
  | { kind: 'released'; lease: Lease }
  /** The newest file can't be read; its number still counts. */
  | { kind: 'unreadable'; number: number };

/** A lease owned by this process. Disposing marks it as released; its file stays, for its number. */
export interface OwnedLease extends AsyncDisposable {
  readonly number: number;
  readonly previous: { number: number; how: 'released' | 'died' } | undefined;
  /**
   * Checks that this lease has the highest number. If the folder was emptied or removed, writes the lease again:
   * its owner is alive.
   */
  check(): Promise<void>;
  /** @param movedTo the folder of leases, if it was moved since */
  release(movedTo?: string): Promise<void>;
  /** Called by an owner that lost the lease, after ending everything it started: the new owner may wait for this. */
  markLost(): Promise<void>;
}

export interface AcquireOptions {
  host: Host;
  clock: Clock;
  /** The user confirmed (`samocode takeover`) that the machine of any owner (`true`), or of this owner, is gone. */
  takeUnknowable?: boolean | ProcessIdentity;
  /** The new number exceeds this one too: lease files may be deleted, but numbers in other files remain. */
  above?: number;
  supervisor?: string;
  under?: Lease['under'];
  /** The folder that the lease protects: if it was moved away, `check` does not write the lease again. */
  within?: string;
  /** What the owner writes: while one of these folders is unmounted, `check` fails. */
  onDisks?: readonly string[];
}

// A power cut ends every owner on this machine, so it may take their leases too: nothing is synced except a lease that
// takes the place of an owner elsewhere, which would hold it again.
const KEPT_LEASES = 5;
const POLL_MS = 200;
export async function readHolding(dir: string, host: Host): Promise<Holding> {
  const highest = newestNumber(dir);
  if (highest === undefined) return { kind: 'free' };
  const lease = await readLease(dir, highest);
  if (lease === undefined) return { kind: 'unreadable', number: highest };
  if (lease.releasedAt !== undefined) return { kind: 'released', lease };
  const liveness = await livenessOf(host, lease.owner, lease.container);
  const isOver = liveness === 'unknowable' && (await isParentOver(dir, lease));
  return { kind: 'held', lease, liveness: isOver ? 'dead' : liveness };
}

async function isParentOver(dir: string, { owner, under }: Lease): Promise<boolean> {
  if (under === undefined) return false;
  const folder = join(dir, under.leases);
  if (newestNumber(folder) !== under.number) return true;
  const lease = await readLease(folder, under.number);
  if (lease === undefined) return false;
  const { releasedAt, lostAt } = lease;
  return releasedAt !== undefined || lostAt !== undefined || !isSameProcess(lease.owner, owner);
}

export function newestNumber(dir: string): number | undefined {
  return leaseNumbers(dir).at(-1);
}

/** Waits until the owner of lease `number` has marked it lost, at most `patienceMs`. */
export async function untilMarkedLost(
  dir: string,
  number: number,
  { clock, patienceMs }: { clock: Clock; patienceMs: number },
): Promise<void> {
  for (const end = clock.monotonic() + patienceMs; clock.monotonic() < end; await clock.sleep(POLL_MS)) {
    const lease = await readLease(dir, number);
    if (lease === undefined || lease.lostAt !== undefined) return;
  }
}

/** The leases still in `dir`, oldest first; unreadable files are skipped. */
export async function readLeases(dir: string): Promise<Lease[]> {
  const numbers = leaseNumbers(dir);
  const leases = await Promise.all(numbers.map((number) => readLease(dir, number)));
  return leases.filter((lease) => lease !== undefined);
}

/**
 * Releases that the disk refused, by folder. No process takes a lease while its owner lives, so the owner tries again
 * before it acquires the next one.
 */
const unreleased = new Map<string, () => Promise<void>>();

/** Takes the lease of `dir` if its owner left or died; of N processes that try, exactly one gets it. */
export async function acquireLease(dir: string, options: AcquireOptions): Promise<OwnedLease> {
  const { host, clock, takeUnknowable = false, above = 0, supervisor, under, within, onDisks } = options;
  makeFolder(dir);
  await unreleased.get(dir)?.();
  unreleased.delete(dir);
  for (;;) {
    const holding = await readHolding(dir, host);
    if (holding.kind === 'held') {
      const { lease, liveness } = holding;
      if (liveness === 'alive') throw leaseHeld(lease, liveness);
      if (liveness === 'unknowable' && !isGivenUp(lease, takeUnknowable)) throw leaseHeld(lease, liveness);
    }
    const number = Math.max(numberOf(holding), above) + 1;
    // Such a name would not be read as a lease: the loop would never end.
    if (!(number < Number.MAX_SAFE_INTEGER)) throw BASE_ERRORS.lease_numbers_spent({ dir });
    const owner = await identify(host, process.pid);
    if (owner === undefined) throw new Error('This process is not in the process table.');
    const { container } = host;
    const acquiredAt = isoUtc(clock.now());
    const lease: Lease = { v: 1, number, owner, container, supervisor, under, acquiredAt };
    const isUnseen = holding.kind === 'held' && holding.liveness === 'unknowable';
    const [path, text, exclusive] = [leasePath(dir, number), serialise(lease), true];
    const won = isUnseen
      ? await writeWhole(path, text, { exclusive })
      : writeUnsynced(path, text, { exclusive });
    // Listing again excludes a process that slept between its first listing and its link().
    if (won && newestNumber(dir) === number) {
      await prune(dir, number);
      return ownedLease(dir, lease, previousOf(holding), { clock, within, onDisks });
    }
  }
}

/** Works while holding the lease of `dir`, and waits for it before. */
export async function whileHolding<T>(
  dir: string,
  { host, clock, limitMs }: { host: Host; clock: Clock; limitMs: number },
  work: () => Promise<T>,
): Promise<T> {
  const deadline = clock.monotonic() + limitMs;
  const acquired = () =>
    acquireLease(dir, { host, clock }).catch((error: unknown) => {
      if (!BASE_ERRORS.lease_held.is(error) || clock.monotonic() > deadline) throw error;
      return undefined;
    });
  let lease = await acquired();
  while (lease === undefined) {
    await clock.sleep(POLL_MS);
    lease = await acquired();
  }
  await using _held = lease;
  return await work();
}

/**
 * Gives the lease to an owner, regardless of who holds it: the previous owner must end its work. Used for a session
 * that another machine has.
 * @param above the new number exceeds this one too
 * @returns the new number
 */
export async function giveLease(
  dir: string,
  to: Pick<Lease, 'owner' | 'supervisor' | 'unmetRequirements' | 'acquiredAt' | 'releasedAt'>,
  above = 0,
): Promise<number> {
  makeFolder(dir);
  for (;;) {
    const number = Math.max(newestNumber(dir) ?? 0, above) + 1;
    if (!(number < Number.MAX_SAFE_INTEGER)) throw BASE_ERRORS.lease_numbers_spent({ dir });
    if (await writeWhole(leasePath(dir, number), serialise({ v: 1, number, ...to }), { exclusive: true }))
      return number;
  }
}

/** An owner that no process here can see. @param hostId the other machine, as shown to people */
export function ownerElsewhere(hostId: string): ProcessIdentity {
  return { pid: 1, startTicks: '0', bootId: 'elsewhere', pidNamespace: 'elsewhere', hostId };
}

export const isElsewhere = ({ owner }: Lease) => owner.bootId === ownerElsewhere('').bootId;

/** The owner of the newest lease, if no process here can see it. */
export async function unseenOwner(dir: string, host: Host): Promise<ProcessIdentity | undefined> {
  const holding = await readHolding(dir, host);
  return holding.kind === 'held' && holding.liveness === 'unknowable' ? holding.lease.owner : undefined;
}

function leaseHeld({ number, owner: { pid, hostId }, acquiredAt: since }: Lease, liveness: Liveness) {
  return BASE_ERRORS.lease_held({ number, pid, hostId, since, isHere: liveness === 'alive' });
}

function isGivenUp({ owner }: Lease, takeUnknowable: boolean | ProcessIdentity): boolean {
  return typeof takeUnknowable === 'boolean' ? takeUnknowable : isSameProcess(owner, takeUnknowable);
}

function ownedLease(
  dir: string,
  lease: Lease,
  previous: OwnedLease['previous'],
  { clock, within, onDisks = [] }: Pick<AcquireOptions, 'clock' | 'within' | 'onDisks'>,
): OwnedLease {
  // After the folder was emptied, another owner may have started from the same number.
  const isTaken = async () => {
    const there = await readLease(dir, lease.number);
    return there !== undefined && !isSameProcess(there.owner, lease.owner);
  };
  // An unmounted folder leaves its empty mount point, in which nothing may be made.
  const devices = onDisks.map((folder) => [folder, deviceAt(folder)] as const);
  const check = async () => {
    const [away] = devices.find(([folder, device]) => deviceAt(folder) !== device) ?? [];
    if (away !== undefined) throw BASE_ERRORS.place_away({ dir: away });
    let numbers = leaseNumbers(dir);
    if (numbers.length === 0) {
      if (within !== undefined && statsAt(within) === undefined) return;
      makeFolder(dir);
      writeUnsynced(leasePath(dir, lease.number), serialise(lease), { exclusive: true });
      numbers = leaseNumbers(dir);
    }
    if (numbers.at(-1) !== lease.number || (await isTaken()))
      throw BASE_ERRORS.lease_lost({ number: lease.number });
  };
  let released = false;
  const mark = async (ended: Partial<Lease>, folder = dir) => {
    // The folder may hold another copy of the session by now, with other leases: then there is nothing to mark.
    const there = await readLease(folder, lease.number);
    if (there !== undefined && isSameProcess(there.owner, lease.owner))
      ifThere(() => writeUnsynced(leasePath(folder, lease.number), serialise({ ...lease, ...ended })));
  };
  const release = async (movedTo?: string) => {
    if (released) return;
    // If this fails, as on a full disk, a later call tries again.
    await mark({ releasedAt: isoUtc(clock.now()) }, movedTo);
    released = true;
  };
  const markLost = () => mark({ lostAt: isoUtc(clock.now()) });
  // Its error would take the place of what the work has met, and of what it has done.
  const leave = () => release().catch(() => void unreleased.set(dir, release));
  return { number: lease.number, previous, check, release, markLost, [Symbol.asyncDispose]: leave };
}

function previousOf(holding: Holding): OwnedLease['previous'] {
  if (holding.kind === 'free') return undefined;
  return { number: numberOf(holding), how: holding.kind === 'released' ? 'released' : 'died' };
}

function numberOf(holding: Holding): number {
  if (holding.kind === 'free') return 0;
  return holding.kind === 'unreadable' ? holding.number : holding.lease.number;
}

// Only names that we write: a name with more zeros, or a number too large to increment, is a foreign file.
function leaseNumbers(dir: string): number[] {
  const names = namesAt(dir) ?? [];
  return names
    .map((name) => Number.parseInt(name, 10))
    .filter((number, index) => number < Number.MAX_SAFE_INTEGER && names[index] === leaseName(number))
    .sort((a, b) => a - b);
}

async function readLease(dir: string, number: number): Promise<Lease | undefined> {
  const lease = await plainJson(leasePath(dir, number), Lease);
  // A copy under a higher name describes an older owner.
  return lease?.number === number ? lease : undefined;
}

async function prune(dir: string, newest: number): Promise<void> {
  const old = leaseNumbers(dir).filter((number) => number <= newest - KEPT_LEASES);
  for (const number of old) await rm(leasePath(dir, number), { force: true, recursive: true });
}

function leasePath(dir: string, number: number): string {
  return join(dir, leaseName(number));
}

function leaseName(number: number): string {
  return `${String(number).padStart(6, '0')}.json`;
}

function serialise(lease: Lease): string {
  return `${JSON.stringify(lease)}\n`;
}
