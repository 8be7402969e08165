import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { parse as parseDotenv } from 'dotenv';
import { ifThere } from './errors.ts';

/** The user's settings folder; the same on every system, so that one sentence explains it. */
export function configFolder(homeDir: string): string {
  return join(homeDir, '.config/samocode');
}

/** The user's settings of this machine. */
export function machineFile(homeDir: string): string {
  return join(configFolder(homeDir), '.env');
}

/** The key of the line that moves what samocode makes in the home. */
export const HOME_KEY = 'SAMOCODE_HOME';

/**
 * The folder that the user's settings name for what samocode makes in the home; undefined if they name none. Only the
 * file counts, since the environments of a terminal, a chat and the supervisor differ. It is read again once it changes.
 */
export function movedHome(homeDir: string): string | undefined {
  const path = machineFile(homeDir);
  const stats = ifThere(() => statSync(path));
  const identity = stats === undefined ? '' : [stats.ino, stats.size, stats.ctimeMs].join(':');
  const known = moved.get(path);
  if (known?.identity === identity) return known.to;
  const text = ifThere(() => readFileSync(path, 'utf8')) ?? '';
  const to = parseDotenv(text)
    [HOME_KEY]?.trim()
    .replace(/^~(?=\/)/, homeDir);
  moved.set(path, { identity, to: to || undefined });
  return to || undefined;
}

const moved = new Map<string, { identity: string; to: string | undefined }>();

/**
 * What samocode believes about sessions: in the home, where only this user writes, and no repository, archive or disk
 * of others. It depends on no variable but HOME: a terminal, a chat and the supervisor have different environments, and
 * all have to find the same sessions.
 */
export function stateRoot(homeDir: string): string {
  const to = movedHome(homeDir);
  return to !== undefined && isAbsolute(to) ? join(to, 'state') : usualStateRoot(homeDir);
}

function usualStateRoot(homeDir: string): string {
  return join(homeDir, '.local/state/samocode');
}

/** The same, and where it was before SAMOCODE_HOME was set: what was made there stays. */
export function stateRootsOf(homeDir: string): string[] {
  return [...new Set([stateRoot(homeDir), usualStateRoot(homeDir)])];
}

let homeFor = (_sessionsDir: string) => homedir();

/** The state folder with the sessions of a SESSIONS folder: that of the user whose program this is. */
export function stateRootFor(sessionsDir: string): string {
  return stateRoot(homeFor(sessionsDir));
}

/** Where that is, or was before SAMOCODE_HOME was set. */
export function stateRootsFor(sessionsDir: string): string[] {
  return stateRootsOf(homeFor(sessionsDir));
}

/** For tests, which act for the users of many homes. */
export function useHomes(given: (sessionsDir: string) => string): void {
  homeFor = given;
}
