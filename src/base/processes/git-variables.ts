/** Who commits, how to reach a remote and where the person's own settings are; all other `GIT_*` point at somebody's repository. */
const PERSONS =
  /^GIT_(?:(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL)|SSH|SSH_COMMAND|SSH_VARIANT|SSL_\w+|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM))$/;

/** Whether a variable may reach a git that is started here: it is none of git's, or a choice of the person. */
export function isFineForGit(name: string): boolean {
  return !name.startsWith('GIT_') || PERSONS.test(name);
}
