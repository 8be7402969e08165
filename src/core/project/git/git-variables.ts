/** Variables that name the author and committer where git's settings do not. */
export const GIT_IDENTITY = /^GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL)$/;

/** The user's own transport and settings; most other `GIT_*` variables select a repository or a program. */
const USERS_OWN =
  /^GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|SSL_\w+|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|PARAMETERS|COUNT|(?:KEY|VALUE)_\d{1,4}))$/;

/** Whether a variable may be passed to git: it is not one of git's, or it is the user's choice. */
export function isFineForGit(name: string): boolean {
  return !name.startsWith('GIT_') || GIT_IDENTITY.test(name) || USERS_OWN.test(name);
}

/**
 * The variables that set git's settings behind those that `env` sets in this way, as containers and CI do for
 * safe.directory, an identity or a proxy. Incomplete ones are replaced: git refuses to run with them.
 */
export function gitSettings(
  env: Readonly<Record<string, string | undefined>>,
  settings: ReadonlyArray<readonly [string, string]>,
): Record<string, string> {
  const { GIT_CONFIG_COUNT: count = '0' } = env;
  const given = /^\d{1,3}$/.test(count) ? Number(count) : 0;
  const isWhole = Array.from({ length: given }).every(
    (_, at) => env[`GIT_CONFIG_KEY_${at}`] && env[`GIT_CONFIG_VALUE_${at}`] !== undefined,
  );
  const first = isWhole ? given : 0;
  const pairs = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${first + index}`, key],
    [`GIT_CONFIG_VALUE_${first + index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(first + settings.length), ...Object.fromEntries(pairs) };
}
