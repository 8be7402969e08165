import { homedir } from 'node:os';
import { join } from 'node:path';

/** The user's settings folder; the same on every system, so that one sentence explains it. */
export function configFolder(homeDir: string): string {
  return join(homeDir, '.config/samocode');
}

/**
 * What samocode believes about sessions: in the home, where only this user writes, and no repository, archive or disk
 * of others. It depends on no variable but HOME: a terminal, a chat and the supervisor have different environments, and
 * all have to find the same sessions.
 */
export function stateRoot(homeDir: string): string {
  return join(homeDir, '.local/state/samocode');
}

let folderFor = (_sessionsDir: string) => stateRoot(homedir());

/** The state folder with the sessions of a SESSIONS folder: that of the user whose program this is. */
export function stateRootFor(sessionsDir: string): string {
  return folderFor(sessionsDir);
}

/** For tests, which act for the users of many homes. */
export function useStateRoots(given: (sessionsDir: string) => string): void {
  folderFor = given;
}
