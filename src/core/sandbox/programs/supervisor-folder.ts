import { realpathSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { configFolder } from '../../kernel/config-folder.ts';
import { ifExists, type SamocodeError } from '../../kernel/errors.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { pathsIn } from '../../kernel/files/paths-in.ts';
import { plainJson, readPlainFile } from '../../kernel/files/plain-file.ts';
import { whyUnwritable } from '../../kernel/files/why-unwritable.ts';
import { type Host, suspendedText } from '../../kernel/processes/host.ts';
import { readHolding } from '../../kernel/processes/lease.ts';
import { type KnownProject, respondingProjects } from '../../project/finding/known-projects.ts';
import { PROJECT_ERRORS } from '../../project/finding/project-errors.ts';
import { foldersOfPlace, recordedPlace } from '../../project/finding/project-place.ts';
import { requirePlaces } from '../../project/finding/trust.ts';

/** Files in `supervisor/<identity>/` of the config folder. */
const FILES = {
  leases: 'leases',
  /** One file per SESSIONS folder, written by programs that start or park a session there. */
  registered: 'sessions',
  /** Written after a change, to make the supervisor check now. */
  bell: 'bell',
  /** Written by a newer program to make the supervisor leave. */
  leave: 'leave.json',
  /** Supervisor only: its program. */
  about: 'about.json',
  /** Supervisor only: all watched sessions, for status bars. */
  now: 'now.json',
  /** Supervisor only: labelled issues that it does not start, and why. */
  intake: 'intake.json',
  /** Supervisor only: what is still to be sent, by which channels, and why they fail. */
  outbox: 'outbox.json',
  /** One file per session with muted notifications. */
  muted: 'muted',
  /** The cost of iterations, one file per day, written by each worker. */
  spent: 'spent',
  slots: 'slots',
  errors: 'supervisor.stderr',
};

/** The files of the supervisor of one person, HOME, machine and container; leases record its identity. */
export type SupervisorPaths = Readonly<Record<keyof typeof FILES | 'identity' | 'dir', string>>;

export function supervisorPaths(home: string, host: Host): SupervisorPaths {
  const identity = machineIdentity(home, host);
  const dir = join(configFolder(home), 'supervisor', identity);
  return { identity, dir, ...pathsIn(dir, FILES) };
}

/** A container keeps its identity across restarts; outside a container the pid namespace never changes. */
function machineIdentity(home: string, { hostId, container, pidNamespace }: Host): string {
  const parts = [hostId, container ?? pidNamespace, String(process.getuid?.() ?? ''), realHome(home)];
  return fingerprint(parts.join('\0')).slice(0, 16);
}

/** HOME might have a trailing slash in one place, and be a link in another. */
function realHome(home: string): string {
  try {
    return realpathSync(home);
  } catch {
    return resolve(home);
  }
}

const Registration = z.looseObject({ sessions: z.string().min(1) });
const MAX_BYTES = 64 * 1024;

/** Records a SESSIONS folder in a separate file, so that two concurrent programs lose neither. */
export async function registerSessions(
  { registered }: Pick<SupervisorPaths, 'registered'>,
  sessionsDir: string,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  const name = fingerprint(sessionsDir).slice(0, 16);
  const path = join(registered, `${name}.json`);
  if ((await readPlainFile(path, MAX_BYTES)).kind === 'bytes') return;
  makeFolder(registered, 0o700);
  const text = JSON.stringify({ v: 1, sessions: sessionsDir, at: isoUtc(clock.now()) });
  await writeWhole(path, `${text}\n`, { mode: 0o600 });
}

/** All recorded SESSIONS folders; malformed files are skipped. */
async function registeredSessions({ registered }: Pick<SupervisorPaths, 'registered'>): Promise<string[]> {
  const names = (await ifExists(readdir(registered))) ?? [];
  const files = names.filter((name) => name.endsWith('.json'));
  const read = await Promise.all(files.map((name) => plainJson(join(registered, name), Registration)));
  return read.flatMap((one) => one?.sessions ?? []);
}

export const About = z.looseObject({
  v: z.int(),
  pid: z.int(),
  version: z.string(),
  /** Its file, and its start time (ISO). */
  program: z.string(),
  startedAt: z.string(),
  /** Whether it continues crashed sessions: false with SAMOCODE_REVIVE=off. */
  revives: z.boolean().optional(),
  /** Whether it keeps running when there is nothing to watch: a service, or one in a terminal. */
  stays: z.boolean().optional(),
});
export type About = z.infer<typeof About>;

export type Presence =
  /** `suspended`: it does nothing, and what a person does about that. */
  | { kind: 'watching'; pid: number; since: string; about: About | undefined; suspended?: string | undefined }
  /** `off`: by SAMOCODE_SUPERVISOR. */
  | { kind: 'none' | 'off' };

/** Whether a supervisor of this identity runs. Only reads files. */
export async function readPresence(
  paths: SupervisorPaths,
  host: Host,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Presence> {
  const holding = await readHolding(paths.leases, host).catch(() => undefined);
  if (holding?.kind === 'held' && holding.liveness === 'alive') {
    const { owner, acquiredAt } = holding.lease;
    const about = await plainJson(paths.about, About);
    return {
      kind: 'watching',
      pid: owner.pid,
      since: acquiredAt,
      about: about?.pid === owner.pid ? about : undefined,
      suspended: await suspendedText(host, owner),
    };
  }
  return { kind: isOff(env) ? 'off' : 'none' };
}

/**
 * Returns the reason why the supervisor's folder cannot be written, as in a read-only home; then no supervisor can
 * run.
 */
export async function whyNoSupervisor({ dir, leases }: SupervisorPaths): Promise<string | undefined> {
  return (await whyUnwritable(dir)) ?? (await whyUnwritable(leases));
}

/** `SAMOCODE_SUPERVISOR=off`: start none. */
export function isOff({ SAMOCODE_SUPERVISOR }: Readonly<Record<string, string | undefined>>): boolean {
  return SAMOCODE_SUPERVISOR === 'off';
}

/** Registered SESSIONS folders and those of known projects: SAMOCODE_SUPERVISOR=off prevents registration. */
export async function watchedFolders(
  paths: Pick<SupervisorPaths, 'registered'>,
  home: string,
): Promise<Set<string>> {
  return (await judgedFolders(paths, home)).watched;
}

export interface RefusedFolder {
  filePath: string;
  /** An act on this machine has registered it: its sessions are the person's. */
  isRegistered: boolean;
  error: SamocodeError;
}

/** `refused`: SESSIONS folders that are not watched before a person trusts the file that names them. */
export async function judgedFolders(
  paths: Pick<SupervisorPaths, 'registered'>,
  home: string,
): Promise<{ watched: Set<string>; refused: Map<string, RefusedFolder> }> {
  const registered = await registeredSessions(paths);
  const known = await respondingProjects(home).catch(() => []);
  const watched = new Set<string>();
  const refused = new Map<string, RefusedFolder>();
  for (const project of known) {
    const { filePath, sessions } = project;
    const error = await refusalOfSessions(project, home);
    if (error === undefined) watched.add(sessions);
    else refused.set(sessions, { filePath, error, isRegistered: registered.includes(sessions) });
  }
  for (const sessions of watched) refused.delete(sessions);
  for (const sessions of registered) if (!refused.has(sessions)) watched.add(sessions);
  return { watched, refused };
}

async function refusalOfSessions(project: KnownProject, home: string): Promise<SamocodeError | undefined> {
  const { filePath, mainRepo, sessions } = project;
  const named = { filePath, values: { mainRepo, sessions } };
  const place = await recordedPlace(mainRepo, home);
  if (place !== undefined && foldersOfPlace(place).sessions === sessions) return undefined;
  try {
    await requirePlaces(named, home, ['sessions']);
    return undefined;
  } catch (error) {
    if (!PROJECT_ERRORS.place_not_trusted.is(error)) throw error;
    return error;
  }
}
