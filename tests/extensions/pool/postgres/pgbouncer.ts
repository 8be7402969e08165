import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../../support/eventually.ts';
import { freePort } from '../../../support/free-port.ts';
import { query } from '../../../support/postgres-server.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** A real PgBouncer in front of the server of a database, as hosted databases have one. */
export async function startPgBouncer(
  database: string,
  mode: 'session' | 'transaction',
  logins: readonly string[],
): Promise<AsyncDisposable & { database: string }> {
  const dir = await tempDir();
  const port = await freePort();
  const { port: server, pathname } = new URL(database);
  const users = join(dir.path, 'users.txt');
  await writeFile(users, ['postgres', ...logins].map((login) => `"${login}" ""\n`).join(''), { mode: 0o644 });
  const settings = [
    `[databases]\n* = host=127.0.0.1 port=${server}\n[pgbouncer]\nlisten_addr = 127.0.0.1`,
    `listen_port = ${port}\nunix_socket_dir =\nauth_type = trust\nauth_file = ${users}\npool_mode = ${mode}`,
  ];
  const file = join(dir.path, 'pgbouncer.ini');
  await writeFile(file, `${settings.join('\n')}\n`);
  await chmod(dir.path, 0o755);
  // It refuses to run as root.
  const as =
    userInfo().uid === 0 ? ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'] : [];
  const [program = '', ...args] = [...as, 'pgbouncer', file];
  const bouncer = spawn(program, args, { cwd: '/', stdio: 'ignore' });
  const ended = once(bouncer, 'close');
  const address = `postgres://postgres@127.0.0.1:${port}${pathname}`;
  await eventually(async () => (await query(address, 'select 1')).length === 1);
  return {
    database: address,
    async [Symbol.asyncDispose]() {
      bouncer.kill('SIGKILL');
      await ended;
      await dir[Symbol.asyncDispose]();
    },
  };
}
