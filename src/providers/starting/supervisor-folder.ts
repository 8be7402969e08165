import { realpathSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { type Clock, isoUtc } from '../../base/clock.ts';
import { configFolder } from '../../base/config-folder.ts';
import { ifExists } from '../../base/errors.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { below } from '../../base/files/below.ts';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { plainJson, readPlainFile } from '../../base/files/plain-file.ts';
import type { Host } from '../../base/processes/host.ts';
import { readHolding } from '../../base/processes/lease.ts';

/** Below `supervisor/<identity>/` of the config folder. */
const FILES = {
  leases: 'leases',
  /** One file per SESSIONS folder, by whoever starts or parks a session there. */
  registered: 'sessions',
  /** Written by whoever has changed something that the supervisor should look at now. */
  bell: 'bell',
  /** Written by a newer program: the supervisor leaves. */
  leave: 'leave.json',
  /** Supervisor only: which program it is. */
  about: 'about.json',
  /** Supervisor only: every session that it watches, for status bars. */
  now: 'now.json',
  /** Supervisor only: what is worth a notification, one event per line, and how far each session was read. */
  queue: 'queue.jsonl',
  cursors: 'cursors.json',
  /** Supervisor only: one file per channel, with what it has sent and what is wrong with it. */
  channels: 'channels',
  /** One file per session whose notifications a person has muted. */
  muted: 'muted',
  /** What iterations cost, one file per day, by each worker. */
  spent: 'spent',
  /** The slots of the machine. */
  slots: 'slots',
  /** What it writes to its standard error. */
  errors: 'supervisor.stderr',
};

/** The files of the supervisor of one person, HOME, machine and container; leases name by its identity who may continue a session. */
export type SupervisorPaths = Readonly<Record<keyof typeof FILES | 'identity' | 'dir', string>>;

export function supervisorPaths(home: string, host: Host): SupervisorPaths {
  const identity = machineIdentity(home, host);
  const dir = join(configFolder(home), 'supervisor', identity);
  return { identity, dir, ...below(dir, FILES) };
}

/** A container keeps its identity over restarts; the pid namespace of a machine outside of one is always the same. */
function machineIdentity(home: string, { hostId, container, pidNamespace }: Host): string {
  const parts = [hostId, container ?? pidNamespace, String(process.getuid?.() ?? ''), trueHome(home)];
  return fingerprint(parts.join('\0')).slice(0, 16);
}

/** HOME may be written with a slash at its end in one place, and name a link in another. */
function trueHome(home: string): string {
  try {
    return realpathSync(home);
  } catch {
    return resolve(home);
  }
}

const Registration = z.looseObject({ sessions: z.string().min(1) });
const MAX_BYTES = 64 * 1024;

/** Notes a SESSIONS folder in a separate file, so that two programs at once lose neither. */
export async function registerSessions(
  { registered }: Pick<SupervisorPaths, 'registered'>,
  sessionsDir: string,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  const name = fingerprint(sessionsDir).slice(0, 16);
  const path = join(registered, `${name}.json`);
  if ((await readPlainFile(path, MAX_BYTES)).kind === 'bytes') return;
  await mkdir(registered, { recursive: true, mode: 0o700 });
  const text = JSON.stringify({ v: 1, sessions: sessionsDir, at: isoUtc(clock.now()) });
  await writeWhole(path, `${text}\n`, 0o600);
}

/** Every SESSIONS folder that was noted; a file that makes no sense hides no other. */
export async function registeredSessions({
  registered,
}: Pick<SupervisorPaths, 'registered'>): Promise<string[]> {
  const names = (await ifExists(readdir(registered))) ?? [];
  const files = names.filter((name) => name.endsWith('.json'));
  const read = await Promise.all(
    files.map((name) => plainJson(join(registered, name), MAX_BYTES, Registration)),
  );
  return read.flatMap((one) => one?.sessions ?? []);
}

/** Which program a supervisor is. */
export const About = z.looseObject({
  v: z.int(),
  pid: z.int(),
  version: z.string(),
  /** Its file, and since when it runs (ISO time). */
  program: z.string(),
  startedAt: z.string(),
  /** Whether it continues crashed sessions: not with SAMOCODE_REVIVE=off. */
  revives: z.boolean().optional(),
});
export type About = z.infer<typeof About>;

export type Presence =
  | { kind: 'watching'; pid: number; since: string; about: About | undefined }
  /** `off`: by SAMOCODE_SUPERVISOR. */
  | { kind: 'none' | 'off' };

/** Whether a supervisor of this identity runs. Reads files alone. */
export async function readPresence(
  paths: SupervisorPaths,
  host: Host,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Presence> {
  const holding = await readHolding(paths.leases, host).catch(() => undefined);
  if (holding?.kind === 'held' && holding.liveness === 'alive') {
    const { owner, acquiredAt } = holding.lease;
    const about = await plainJson(paths.about, MAX_BYTES, About);
    return {
      kind: 'watching',
      pid: owner.pid,
      since: acquiredAt,
      about: about?.pid === owner.pid ? about : undefined,
    };
  }
  return { kind: isOff(env) ? 'off' : 'none' };
}

/** `SAMOCODE_SUPERVISOR=off`: none is started from here. */
export function isOff({ SAMOCODE_SUPERVISOR }: Readonly<Record<string, string | undefined>>): boolean {
  return SAMOCODE_SUPERVISOR === 'off';
}
