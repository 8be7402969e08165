import { userInfo } from 'node:os';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { definedOnly } from '../../kernel/defined-only.ts';
import { isSamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { writeUnsynced, writeWhole } from '../../kernel/files/atomic-file.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import type { Host } from '../../kernel/processes/host.ts';
import { isOlder } from '../../kernel/versions.ts';
import { CODE_CACHE } from './code-cache.ts';
import { isNotifyVariable } from './environment.ts';
import { spawnDetached } from './launch-worker.ts';
import { isGivenByLogin } from './login-shell.ts';
import { SESSION_MARK } from './marks.ts';
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
  program: string;
  env: Environment;
  home: string;
  host: Host;
  clock: Clock;
  sessionsDir?: string;
}

export type WatchOver = { kind: 'watched' | 'started' | 'off' } | { kind: 'failed'; why: string };

/**
 * Makes sure that a supervisor runs and checks now: wakes a running one or starts one, and asks an older one
 * to leave. A failure blocks no act: then nothing is watched, and `status` says so.
 */
export async function watchOver(options: WatchOverOptions): Promise<WatchOver> {
  const { env, home, host, clock, sessionsDir } = options;
  if (isOff(env)) return { kind: 'off' };
  try {
    const paths = supervisorPaths(home, host);
    makeFolder(paths.dir, 0o700);
    if (sessionsDir !== undefined) await registerSessions(paths, sessionsDir, clock);
    // Before reading the presence: a leaving supervisor checks for this again after releasing its lease.
    writeUnsynced(paths.bell, `${isoUtc(clock.now())}\n`, { mode: 0o600 });
    const presence = await readPresence(paths, host);
    if (presence.kind === 'watching') {
      if (presence.about === undefined || !isOlder(presence.about.version, __VERSION__))
        return { kind: 'watched' };
      await askToLeave(paths, __VERSION__);
    }
    await launchSupervisor(paths, options);
    return { kind: 'started' };
  } catch (error) {
    return { kind: 'failed', why: reasonOf(error) };
  }
}

/**
 * The supervisor leaves at its next poll if its version is older.
 * @param stays whether the caller stays: then it also replaces a supervisor of the same version
 */
export async function askToLeave({ leave }: SupervisorPaths, version: string, stays = false): Promise<void> {
  await writeWhole(leave, `${JSON.stringify({ v: 1, version, stays })}\n`, { mode: 0o600 });
}

/** Starts a supervisor. Two at once are harmless: only one gets the lease. */
export async function launchSupervisor(
  { errors }: Pick<SupervisorPaths, 'errors'>,
  { program, env, home }: Pick<WatchOverOptions, 'program' | 'env' | 'home'>,
): Promise<void> {
  // Only the supervisor sends notifications: workers and agents don't get these settings.
  const given = { ...definedOnly(env, isNotifyVariable), ...supervisorEnvironment(env, home) };
  await spawnDetached(await nodePath(env), [program], { env: given, errors });
}

/**
 * Variables of a login, and our settings. The starter's environment must not affect other sessions: their workers add
 * what a login shell sets.
 */
export function supervisorEnvironment(env: Environment, home: string): Record<string, string> {
  const isItsOwn = (name: string) => name === SESSION_MARK || name === CODE_CACHE;
  const kept = definedOnly(env, (name) => !isItsOwn(name) && (isGivenByLogin(name) || OWN.test(name)));
  const shell = env.SHELL || loginShell();
  return { ...kept, ...(shell && { SHELL: shell }), HOME: home };
}

/** From the system: containers and system services set no SHELL. */
function loginShell(): string | undefined {
  try {
    return userInfo().shell ?? undefined;
  } catch {
    // The system might have no entry for this user id.
    return undefined;
  }
}

const OWN = /^(?:PATH|SAMOCODE_\w+|MAX_COST_USD_PER_DAY|MAX_PARALLEL_ON_MACHINE|KEEP_\w+)$/;

function reasonOf(error: unknown): string {
  if (isSamocodeError(error)) return error.why;
  return systemErrorCode(error) ?? (error instanceof Error ? error.message : String(error));
}
