import * as z from 'zod';

/**
 * The confinement of an agent, by: the kernel, with a separate home and an allow-list of hosts (`strict`); the
 * kernel (`guard`); the kernel, although the agent is root (`best effort`); the agent CLI's own sandbox; nothing.
 */
export const SANDBOX_LEVELS = ['strict', 'guard', 'best effort', 'provider sandbox', 'none'] as const;
export type SandboxLevel = (typeof SANDBOX_LEVELS)[number];

/** Whether `now` protects less than `then`. Root's `best effort` is below `guard`; one setting selects both. */
export function isLower(now: SandboxLevel, then: SandboxLevel): boolean {
  return SANDBOX_LEVELS.indexOf(now) > SANDBOX_LEVELS.indexOf(then);
}

/** Whether the kernel keeps agents away from the user's processes and protected files. */
export function isGuarded(level: SandboxLevel): boolean {
  return !isLower(level, 'best effort');
}

/**
 * Whether the guard kept run folder and git settings from agents of this level. Root might escape (`best effort`), a
 * service behind an opened socket could write for an agent, and an opened path could lead there.
 */
export function isOutOfReach(
  level: SandboxLevel | undefined,
  { sockets, write }: Pick<SandboxOpenings, 'sockets' | 'write'>,
): boolean {
  return (level === 'strict' || level === 'guard') && sockets.length + write.length === 0;
}

export function describeLevel(level: SandboxLevel, platform: string = process.platform): string {
  const isMac = platform === 'darwin';
  const home = isMac ? 'your home folder can be read' : 'home is not there';
  const means: Readonly<Record<SandboxLevel, string>> = {
    strict: `${home}, the network is a list of hosts`,
    guard: `${home}, the network is open`,
    'best effort': `agents are root and might escape, ${home}, the network is open`,
    'provider sandbox': 'the agent CLI confines its own commands',
    none: 'agents can do what you can; home, git hooks and the run folder are not compared',
  };
  return `${level} - ${means[level]}`;
}

/** The values of SANDBOX, strictest first. */
export const SANDBOXES = ['strict', 'guard', 'auto', 'off'] as const;
export type Sandbox = (typeof SANDBOXES)[number];

/** When agents are confined, for help and settings. */
export const SANDBOX_MEANS: Readonly<Record<Sandbox, string>> = {
  strict: 'always, with an allow-list',
  guard: 'always',
  auto: 'where it works',
  off: 'never',
};

/** Services that act for the user through a socket; the guard hides them. */
export const SOCKETS = ['docker', 'ssh-agent', 'gpg-agent', 'keyring'] as const;
export type SocketName = (typeof SOCKETS)[number];

/** The parts of the machine that the user opens in the sandbox, by SANDBOX_… settings. */
export const SandboxOpenings = z.object({
  /** Absolute paths that stay writable. */
  write: z.array(z.string()),
  sockets: z.array(z.enum(SOCKETS)),
  /** Absolute paths, names of hosts and variables, ports of this machine; all but the variables only for `strict`. */
  read: z.array(z.string()),
  hosts: z.array(z.string()),
  env: z.array(z.string()),
  ports: z.array(z.int()),
});
export type SandboxOpenings = z.infer<typeof SandboxOpenings>;

export const NO_OPENINGS: SandboxOpenings = {
  write: [],
  sockets: [],
  read: [],
  hosts: [],
  env: [],
  ports: [],
};
