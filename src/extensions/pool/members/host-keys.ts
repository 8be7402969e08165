import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { newFingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { runCommand } from '../../../core/kernel/processes/run-command.ts';
import { POOL_ERRORS } from '../pool-errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export function keyPathIn(folder: string): string {
  return join(folder, 'key');
}

/**
 * Creates the key of a membership on first use, without a passphrase, because it is used unattended.
 * @returns the public key
 */
export async function hostKey(folder: string, env: Environment): Promise<string> {
  await requireSigning(env);
  const keyPath = keyPathIn(folder);
  if (statsAt(keyPath) === undefined) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const draft = `${keyPath}.draft`;
    for (const path of [draft, `${draft}.pub`]) await rm(path, { force: true });
    await sshKeygen(['-q', '-t', 'ed25519', '-N', '', '-C', 'samocode pool', '-f', draft], env);
    await rename(`${draft}.pub`, `${keyPath}.pub`);
    await rename(draft, keyPath);
  }
  const [type = '', key = ''] = (await sshKeygen(['-y', '-f', keyPath], env)).split(' ');
  return `${type} ${key}`.trim();
}

/** The canonical form: no key has a second text. */
export const PUBLIC_KEY = /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z\d+/]{43}$/;

/** The fingerprint that people compare, as ssh-keygen and git print it: `SHA256:…` */
export function fingerprintOf(publicKey: string): string {
  const key = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${newFingerprint().update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The first git version that signs with SSH keys. */
const MIN_GIT = [2, 34] as const;

/** @throws if git or ssh-keygen cannot sign commits with keys of OpenSSH */
export async function requireSigning(env: Environment): Promise<void> {
  const { stdout } = await runCommand('git', ['version'], { env: definedOnly(env) });
  const [major = 0, minor = 0] = (/\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? '').split('.').map(Number);
  const isOld = major < MIN_GIT[0] || (major === MIN_GIT[0] && minor < MIN_GIT[1]);
  if (isOld) throw POOL_ERRORS.git_cannot_sign({ version: `${major}.${minor}` });
  const { notFound } = await runCommand('ssh-keygen', ['-?'], { env: definedOnly(env) });
  if (notFound) throw POOL_ERRORS.ssh_keygen_missing();
}

async function sshKeygen(args: readonly string[], env: Environment): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand('ssh-keygen', args, { env: definedOnly(env) });
  if (exitCode !== 0) throw new Error(`ssh-keygen ${args[0]}: ${stderr}`);
  return stdout.trim();
}
