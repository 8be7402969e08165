import type { ActionContext } from '../../actions/acting/context.ts';
import { allCredentialNames } from '../../providers/starting/credentials.ts';
import { readLoginEnvironment } from '../../providers/starting/login-shell.ts';

type Given = Pick<ActionContext, 'env' | 'home'>;

/** What the supervisor itself needs in a service's bare environment. Its workers add what a login shell has. */
export function serviceEnvironment({ env, home }: Given): Record<string, string> {
  return {
    HOME: home,
    ...(env.PATH !== undefined && { PATH: env.PATH }),
    ...(env.SAMOCODE_REVIVE !== undefined && { SAMOCODE_REVIVE: env.SAMOCODE_REVIVE }),
  };
}

/** Beside the credentials: by what an agent reaches its account. */
const NAMES = [
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
];

/** What the person should know of the variables that are set here and not in a login shell; undefined without any. */
export async function setHereAlone({ env, home }: Given): Promise<string | undefined> {
  const set = new Set([...NAMES.filter((name) => env[name]), ...allCredentialNames(env)]);
  if (set.size === 0) return undefined;
  const login = await readLoginEnvironment(env, home);
  const names = [...set].filter((name) => login.kind === 'unknown' || login.env[name] !== env[name]);
  if (names.length === 0) return undefined;
  return `Your login shell sets these differently or not at all: ${names.join(', ')}. Agents of sessions that the supervisor continues get the environment of a login shell: export what they need in your shell's startup file.`;
}
