import { mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { type Clock, isoUtc } from '../../base/clock.ts';
import { definedOnly } from '../../base/defined-only.ts';
import { isSamocodeError, systemErrorCode } from '../../base/errors.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import type { Host } from '../../base/processes/host.ts';
import { isOlder } from '../../base/versions.ts';
import { isNotifyVariable, SESSION_MARK } from './environment.ts';
import { spawnDetached } from './launch-worker.ts';
import { isGivenByLogin } from './login-shell.ts';
import { nodePath } from './node-path.ts';
import {
  isOff,
  readPresence,
  registerSessions,
  type SupervisorPaths,
  supervisorPaths,
} from './supervisor-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface WatchOverOptions {
  /** The built supervisor file. */
  program: string;
  env: Environment;
  home: string;
  host: Host;
  clock: Clock;
  /** The SESSIONS folder that is to be watched from now on. */
  sessionsDir?: string;
}

export type WatchOver = { kind: 'watched' | 'started' | 'off' } | { kind: 'failed'; why: string };

/**
 * Makes sure that a supervisor runs and looks at once: a running one is woken, else one is started, and an older
 * one is asked to leave. A failure stops no act: then nothing watches, and status says so.
 */
export async function watchOver(options: WatchOverOptions): Promise<WatchOver> {
  const { env, home, host, clock, sessionsDir } = options;
  if (isOff(env)) return { kind: 'off' };
  try {
    const paths = supervisorPaths(home, host);
    await mkdir(paths.dir, { recursive: true, mode: 0o700 });
    if (sessionsDir !== undefined) await registerSessions(paths, sessionsDir, clock);
    // Before the look: a supervisor that is leaving looks once more behind its lease, and then hears this.
    await writeWhole(paths.bell, `${isoUtc(clock.now())}\n`, 0o600);
    const presence = await readPresence(paths, host);
    if (presence.kind === 'watching') {
      if (presence.about === undefined || !isOlder(presence.about.version, __VERSION__))
        return { kind: 'watched' };
      await askToLeave(paths, __VERSION__);
    }
    await launchSupervisor(paths, options);
    return { kind: 'started' };
  } catch (error) {
    return { kind: 'failed', why: wordsOf(error) };
  }
}

/**
 * The supervisor leaves at its next look if it is of an older version.
 * @param stays this one is to stay: it replaces one of the same version that would leave
 */
export async function askToLeave({ leave }: SupervisorPaths, version: string, stays = false): Promise<void> {
  await writeWhole(leave, `${JSON.stringify({ v: 1, version, stays })}\n`, 0o600);
}

/** Starts a supervisor. Two at once are harmless: the lease lets one go on. */
export async function launchSupervisor(
  { errors }: Pick<SupervisorPaths, 'errors'>,
  { program, env, home }: Pick<WatchOverOptions, 'program' | 'env' | 'home'>,
): Promise<void> {
  // It alone sends notifications: no worker and no agent is given the settings for them.
  const given = { ...definedOnly(env, isNotifyVariable), ...supervisorEnvironment(env, home) };
  await spawnDetached(await nodePath(env), [program], { env: given, errors });
}

/**
 * What a login gives, and our own settings. Whoever happened to start it has no say in what the sessions of others run
 * with: their workers add what a login shell has.
 */
export function supervisorEnvironment(env: Environment, home: string): Record<string, string> {
  const kept = definedOnly(env, (name) => name !== SESSION_MARK && (isGivenByLogin(name) || OWN.test(name)));
  const shell = env.SHELL || loginShell();
  return { ...kept, ...(shell && { SHELL: shell }), HOME: home };
}

/** As the system knows it: containers and system services set no SHELL. */
function loginShell(): string | undefined {
  try {
    return userInfo().shell ?? undefined;
  } catch {
    // The system may not know a user of this number.
    return undefined;
  }
}

const OWN = /^(?:PATH|SAMOCODE_\w+|MAX_COST_USD_PER_DAY|MAX_PARALLEL_ON_MACHINE)$/;

function wordsOf(error: unknown): string {
  if (isSamocodeError(error)) return error.why;
  return systemErrorCode(error) ?? (error instanceof Error ? error.message : String(error));
}
