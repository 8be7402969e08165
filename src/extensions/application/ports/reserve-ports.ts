import { unlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { BASE_ERRORS } from '../../../core/kernel/base-errors.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { orNothing } from '../../../core/kernel/errors.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { writeUnsynced } from '../../../core/kernel/files/atomic-file.ts';
import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { namesAt, statsAt } from '../../../core/kernel/files/path-stats.ts';
import { readOpened, withPlainFile } from '../../../core/kernel/files/plain-file.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import type { Ports } from '../../../core/kernel/phases/application.ts';
import type { Host } from '../../../core/kernel/processes/host.ts';
import { whileHolding } from '../../../core/kernel/processes/lease.ts';
import type { PortOwner } from '../../../core/sandbox/application-runner.ts';
import type { ServiceTools } from '../served-place.ts';
import { holdsOneOf, isFree, listeningSockets } from './listeners.ts';
import { PORT_ERRORS } from './port-errors.ts';

/** One file for each reserved port, named after it. */
const Reservation = z.object({
  v: z.literal(1),
  owner: z.string(),
  set: z.enum(['own', 'base']),
  name: z.string(),
  while: z.string(),
  /** For people who look. */
  session: z.string(),
});
type Reservation = z.infer<typeof Reservation>;

const [FIRST, LAST] = [20_000, 29_999];
const MAX_BYTES = 64 * 1024;
/** Another process changes one file meanwhile. */
const TURN_LIMIT_MS = 5000;

type Tools = Pick<ServiceTools, 'clock' | 'host'>;

/** @param home contains the settings folder, with the reservations of all sessions of this user */
export function portsFolder(home = homedir()): string {
  return join(configFolder(home), 'ports');
}

/**
 * The ports of an owner: those that it had before, or free ones. Any number of processes may reserve at once: a
 * reservation is a file that exactly one of them creates, complete from the beginning.
 * @param set `base`: for checks on the base commit, which run beside agents
 */
export async function reservePorts(
  folder: string,
  { owner, names, set }: { owner: PortOwner; names: readonly string[]; set: 'own' | 'base' },
  tools: Tools,
): Promise<Ports> {
  makeFolder(folder, 0o700);
  const ports = new Map<string, number>();
  for (const [port, text] of reservations(folder)) {
    const found = read(text);
    if (found?.owner === owner.id && found.set === set) ports.set(found.name, port);
  }
  for (const name of names) {
    if (ports.has(name)) continue;
    const wanted = { v: 1, owner: owner.id, set, name, while: owner.while, session: owner.name } as const;
    const port = await takeOne(folder, wanted, tools);
    if (port === undefined) throw PORT_ERRORS.ports_used_up({ folder, count: names.length });
    ports.set(name, port);
    crashPoint('port-reserved');
  }
  return Object.fromEntries(names.map((name) => [name, ports.get(name) ?? 0]));
}

async function takeOne(folder: string, wanted: Reservation, tools: Tools): Promise<number | undefined> {
  const text = `${JSON.stringify(wanted)}\n`;
  const count = LAST - FIRST + 1;
  // Each begins elsewhere: the users of a machine have separate reservations, and would otherwise want the same ports.
  const first = Number.parseInt(fingerprint(text).slice(0, 8), 16) % count;
  for (let tried = 0; tried < count; tried += 1) {
    const port = FIRST + ((first + tried) % count);
    if (!(await take({ folder, port }, text, tools))) continue;
    if (await isFree(port)) return port;
    await replace({ folder, port }, { from: text, to: undefined }, tools);
  }
  return undefined;
}

interface At {
  folder: string;
  port: number;
}

/** @returns false if another owner has the port, or what has its name is no plain file */
async function take(at: At, text: string, tools: Tools): Promise<boolean> {
  const path = join(at.folder, String(at.port));
  const there = textAt(path);
  if (there === undefined) return writeUnsynced(path, text, { exclusive: true });
  return isStale(there) && (await replace(at, { from: there, to: text }, tools));
}

/** Only a power cut leaves an incomplete file. One of a newer samocode is not for us to judge. */
function isStale(text: string): boolean {
  if (parseJson(text) === undefined) return true;
  const found = read(text);
  return found !== undefined && statsAt(found.while) === undefined;
}

/**
 * Replaces or removes a reservation that reads `from`. Two processes may see the same one, and the later of them must
 * not overwrite what the earlier has written, so they take turns.
 * @returns false if it has changed, or another process does not end its turn
 */
async function replace(
  at: At,
  change: { from: string; to: string | undefined },
  tools: Tools,
): Promise<boolean> {
  return await inTurn(at.folder, tools, () => replaceNow(at, change));
}

function replaceNow({ folder, port }: At, { from, to }: { from: string; to: string | undefined }): boolean {
  const path = join(folder, String(port));
  if (textAt(path) !== from) return false;
  if (to === undefined) unlinkSync(path);
  else writeUnsynced(path, to);
  return true;
}

/** @returns false if another process does not end its turn */
async function inTurn(folder: string, { clock, host }: Tools, change: () => boolean): Promise<boolean> {
  const turn = { clock, host, limitMs: TURN_LIMIT_MS };
  return await whileHolding(join(folder, 'turn'), turn, async () => change()).catch((error: unknown) => {
    if (BASE_ERRORS.lease_held.is(error)) return false;
    throw error;
  });
}

export async function releasePorts(
  folder: string,
  { id }: Pick<PortOwner, 'id'>,
  tools: Tools,
): Promise<void> {
  const own = reservations(folder).filter(([, text]) => read(text)?.owner === id);
  if (own.length === 0) return;
  await inTurn(folder, tools, () => {
    for (const [port, text] of own) replaceNow({ folder, port }, { from: text, to: undefined });
    return true;
  });
}

/** Those of owners that exist. */
export function reservedPorts(folder: string): (Reservation & { port: number })[] {
  return reservations(folder).flatMap(([port, text]) => {
    const found = read(text);
    return found === undefined || isStale(text) ? [] : [{ ...found, port }];
  });
}

/** The paths of what has the name of a port and is no plain file that can be read: such a port is left out. */
export function oddReservations(folder: string): string[] {
  return portNames(folder)
    .map((name) => join(folder, name))
    .filter((path) => textAt(path) === undefined && statsAt(path) !== undefined);
}

function reservations(folder: string): [port: number, text: string][] {
  return portNames(folder).flatMap((name): [number, string][] => {
    const text = textAt(join(folder, name));
    return text === undefined ? [] : [[Number(name), text]];
  });
}

function portNames(folder: string): string[] {
  return (namesAt(folder) ?? []).filter((name) => /^\d+$/.test(name));
}

function textAt(path: string): string | undefined {
  const reading = orNothing(() =>
    withPlainFile(path, (descriptor, stats) => readOpened(descriptor, stats, MAX_BYTES)),
  );
  return reading?.kind === 'bytes' ? reading.bytes.toString('utf8') : undefined;
}

function read(text: string): Reservation | undefined {
  return Reservation.safeParse(parseJson(text)).data;
}

/** @throws port_taken */
export async function requireFreePorts(ports: Ports, host: Host): Promise<void> {
  for (const [name, port] of Object.entries(ports)) {
    if (await isFree(port)) continue;
    throw PORT_ERRORS.port_taken({ name, port, ...(await holderOf(port, host)) });
  }
}

/** The program that listens on a port of this machine; undefined if it cannot be seen. */
export async function holderOf(port: number, { processes }: Host) {
  const sockets = listeningSockets(port);
  if (sockets === undefined || sockets.size === 0) return undefined;
  const holder = (await processes.list()).find(({ pid }) => holdsOneOf(sockets, pid));
  return holder && { pid: holder.pid, command: (await processes.commandOf(holder.pid))?.slice(0, 100) };
}
