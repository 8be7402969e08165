/** Variables that name the author and committer where git's settings do not. */
export const GIT_IDENTITY = /^GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL)$/;

/** The user's own transport and config locations; all other `GIT_*` variables select a repository. */
const USERS_OWN = /^GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|SSL_\w+|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM))$/;

/** Whether a variable may be passed to git: it is not one of git's, or it is the user's choice. */
export function isFineForGit(name: string): boolean {
  return !name.startsWith('GIT_') || GIT_IDENTITY.test(name) || USERS_OWN.test(name);
}
