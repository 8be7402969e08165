import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';

export interface Certificates {
  /** The file by which a client knows the CA. */
  caPath: string;
  key: Buffer;
  cert: Buffer;
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
const GITHUB = ['DNS:github.com', 'DNS:api.github.com', 'DNS:*.github.test', 'IP:127.0.0.1'];

/** A CA of the test, and a certificate by it, by default for the names of GitHub. */
export async function makeCertificates(folder: string, names = GITHUB): Promise<Certificates> {
  const path = (name: string) => join(folder, name);
  const ca = ['-keyout', path('ca.key'), '-out', path('ca.pem'), '-subj', '/CN=CA of a test'];
  await openssl(['req', '-x509', ...EC, ...ca]);
  const by = ['-CA', path('ca.pem'), '-CAkey', path('ca.key')];
  const own = ['-keyout', path('key.pem'), '-out', path('cert.pem'), '-subj', '/CN=github.com'];
  const limits = [
    '-addext',
    `subjectAltName=${names.join()}`,
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  await openssl(['req', '-x509', ...EC, ...own, ...by, ...limits]);
  const [key, cert] = await Promise.all([readFile(path('key.pem')), readFile(path('cert.pem'))]);
  return { caPath: path('ca.pem'), key, cert };
}

async function openssl(args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runCommand('openssl', args);
  if (exitCode !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}
