/** Who is in the guard. Where the tests run as root, they can be an ordinary user as well. */
export interface User {
  name: string;
  isRoot: boolean;
  /** What a command line begins with, so that it runs as this user. */
  prefix: readonly string[];
  /** Whom the files of a scene are given to; undefined: they are the user's already. */
  uid?: number;
}

/** Nobody of this machine; not 65534, as which a namespace shows all files of others. */
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
