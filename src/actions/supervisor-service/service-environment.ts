import { allCredentialNames } from '../../providers/credentials.ts';
import type { ActionContext } from '../context.ts';

/** What decides whose account a child uses and how it reaches it, and holds no secret by itself. */
const CARRIED = [
  'CLAUDE_CONFIG_DIR',
  'CODEX_HOME',
  'GEMINI_CLI_HOME',
  'ANTHROPIC_BASE_URL',
  'OPENAI_BASE_URL',
  'GOOGLE_GEMINI_BASE_URL',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'];
const NAMES = [...CARRIED, ...PROXIES, ...PROXIES.map((name) => name.toLowerCase())];

/** An address may name a password before its host, or a key behind its question mark; a line break would begin another line. */
const UNFIT = /\/\/[^/]*@|^[^/]*:[^/]*@|\?|\p{Cc}/u;

type Given = Pick<ActionContext, 'env' | 'home'>;

/** What a service's bare environment lacks: children need git and their own programs. No secret goes into a file. */
export function programEnvironment({ env, home }: Given): Record<string, string> {
  const carried = NAMES.flatMap((name) => {
    const value = env[name];
    return value && !UNFIT.test(value) ? [[name, value] as const] : [];
  });
  return {
    HOME: home,
    ...(env.PATH !== undefined && { PATH: env.PATH }),
    ...Object.fromEntries(carried),
  };
}

/** What the person should know of the variables that a service does not get; undefined when it gets all. */
export function keptBackWords(given: Given): string | undefined {
  const carried = programEnvironment(given);
  const set = new Set([...NAMES.filter((name) => given.env[name]), ...allCredentialNames(given.env)]);
  const names = [...set].filter((name) => !(name in carried));
  if (names.length === 0) return undefined;
  return `Not handed to it, since no secret is written into a file: ${names.join(', ')}. Sessions that need a key of these are left alone by it; \`samocode list\` from here brings them back.`;
}
