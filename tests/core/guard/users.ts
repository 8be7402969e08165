/** The users inside the guard. If the tests run as root, an ordinary user is added. */
export interface User {
  name: string;
  isRoot: boolean;
  /** Prefix of a command line that runs it as this user. */
  prefix: readonly string[];
  /** The owner of a scene's files; undefined: already the user's. */
  uid?: number;
}

/** An unused id; not 65534, which namespaces show for all files of others. */
const SOMEBODY = 54_321;

const ORDINARY: User = {
  name: 'an ordinary user',
  isRoot: false,
  prefix: ['setpriv', `--reuid=${SOMEBODY}`, `--regid=${SOMEBODY}`, '--clear-groups', '--'],
  uid: SOMEBODY,
};

export const USERS: readonly User[] =
  process.getuid?.() === 0
    ? [{ name: 'root', isRoot: true, prefix: [] }, ORDINARY]
    : [{ name: 'an ordinary user', isRoot: false, prefix: [] }];
