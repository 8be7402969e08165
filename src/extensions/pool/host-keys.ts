import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { definedOnly } from '../../core/kernel/defined-only.ts';
import { writeWhole } from '../../core/kernel/files/atomic-file.ts';
import { statsAt } from '../../core/kernel/files/path-stats.ts';
import { plainText } from '../../core/kernel/files/plain-file.ts';
import { runCommand } from '../../core/kernel/processes/run-command.ts';
import { POOL_ERRORS } from './pool-errors.ts';

export interface KeyFiles {
  keyPath: string;
  /** Uses git's allowed signers format, with host ids as principals. */
  trustedPath: string;
}

export interface TrustedHost {
  id: string;
  name: string;
  /** `ssh-ed25519 AAAA…` */
  publicKey: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function keyFilesIn(configDir: string): KeyFiles {
  return { keyPath: join(configDir, 'pool-key'), trustedPath: join(configDir, 'pool-trusted') };
}

/**
 * Creates the key of this host on first use, without a passphrase, because it is used unattended.
 * @returns the public key
 */
export async function hostKey(configDir: string, env: Environment): Promise<string> {
  await requireSigning(env);
  const { keyPath } = keyFilesIn(configDir);
  if (statsAt(keyPath) === undefined) {
    await mkdir(configDir, { recursive: true, mode: 0o700 });
    await rm(`${keyPath}.pub`, { force: true });
    await sshKeygen(['-q', '-t', 'ed25519', '-N', '', '-C', 'samocode pool', '-f', keyPath], env);
  }
  const [type = '', key = ''] = (await sshKeygen(['-y', '-f', keyPath], env)).split(' ');
  return `${type} ${key}`.trim();
}

/** The fingerprint that people compare before they trust a host: `SHA256:…` */
export async function fingerprintOf(publicKey: string, env: Environment): Promise<string> {
  const line = await sshKeygen(['-l', '-f', '-'], env, publicKey);
  return line.split(' ')[1] ?? '';
}

/** Adds a host, or replaces its key. */
export async function trustHost(configDir: string, { id, name, publicKey }: TrustedHost): Promise<void> {
  if (!/^[\w-]+$/.test(id) || !PUBLIC_KEY.test(publicKey)) throw POOL_ERRORS.host_key_invalid({ host: name });
  const others = (await trustedHosts(configDir)).filter((host) => host.id !== id);
  const lines = [...others, { id, name, publicKey }].map(
    (host) => `${host.id} namespaces="git" ${host.publicKey} ${host.name.replace(/\s+/g, ' ')}\n`,
  );
  await writeWhole(keyFilesIn(configDir).trustedPath, lines.join(''), 0o600);
}

export async function trustedHosts(configDir: string): Promise<TrustedHost[]> {
  const text = (await plainText(keyFilesIn(configDir).trustedPath, MAX_BYTES)) ?? '';
  return text.split('\n').flatMap((line) => {
    const [, id, publicKey, name = ''] = LINE.exec(line) ?? [];
    return id && publicKey ? [{ id, publicKey, name }] : [];
  });
}

const MAX_BYTES = 1024 * 1024;
const PUBLIC_KEY = /^ssh-ed25519 [\w+/]+=*$/;
const LINE = /^([\w-]+) namespaces="git" (ssh-ed25519 [\w+/]+=*) ?(.*)$/;
/** The first git version that signs with SSH keys. */
const MIN_GIT = [2, 34] as const;

async function requireSigning(env: Environment): Promise<void> {
  const { stdout } = await runCommand('git', ['version'], { env: definedOnly(env) });
  const [major = 0, minor = 0] = (/\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? '').split('.').map(Number);
  const isOld = major < MIN_GIT[0] || (major === MIN_GIT[0] && minor < MIN_GIT[1]);
  if (isOld) throw POOL_ERRORS.git_cannot_sign({ version: `${major}.${minor}` });
  const { notFound } = await runCommand('ssh-keygen', ['-?'], { env: definedOnly(env) });
  if (notFound) throw POOL_ERRORS.ssh_keygen_missing();
}

async function sshKeygen(args: readonly string[], env: Environment, input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand('ssh-keygen', args, {
    env: definedOnly(env),
    ...(input !== undefined && { input }),
  });
  if (exitCode !== 0) throw new Error(`ssh-keygen ${args[0]}: ${stderr}`);
  return stdout.trim();
}
