import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, readdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { runCommand } from '../../src/core/kernel/processes/run-command.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { tempDir } from './temp-dir.ts';

export interface PostgresServer extends AsyncDisposable {
  /** The address of a new, empty database. */
  database(): Promise<string>;
  /** Dies without a farewell, and begins again with the same data. */
  restart(): Promise<void>;
}

const DEBIAN = '/usr/lib/postgresql';

/**
 * A real server of its own, as the user `postgres` where we are root. @throws where none is installed
 * @param settings `name=value`; by default it trusts the disk with what it has not written yet
 */
export async function startPostgres(settings = ['fsync=off']): Promise<PostgresServer> {
  const bin = await programs();
  const dir = await tempDir();
  const data = join(dir.path, 'data');
  const isRoot = userInfo().uid === 0;
  const as = isRoot ? ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'] : [];
  if (isRoot) await chown(dir.path, Number((await runCommand('id', ['-u', 'postgres'])).stdout), -1);
  const command = (program: string, ...args: string[]) => [...as, join(bin, program), ...args] as [string];
  const [file, ...args] = command('initdb', '-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync');
  const made = await runCommand(file, args, { cwd: dir.path });
  if (made.exitCode !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const address = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`;
  let databases = 0;
  const start = async () => {
    const where = ['-D', data, '-k', dir.path, '-p', `${port}`, '-c', 'listen_addresses=127.0.0.1'];
    const chosen = ['max_connections=200', ...settings].flatMap((setting) => ['-c', setting]);
    const [program, ...options] = command('postgres', ...where, ...chosen);
    const server = spawn(program, options, { cwd: dir.path, stdio: 'ignore' });
    const ended = once(server, 'close');
    await eventually(async () => (await query(address('postgres'), 'select 1')).length === 1);
    return async (signal: 'SIGINT' | 'SIGQUIT') => {
      server.kill(signal);
      await ended;
    };
  };
  let stop = await start();
  return {
    async database() {
      databases += 1;
      await query(address('postgres'), `create database d${databases}`);
      return address(`d${databases}`);
    },
    async restart() {
      await stop('SIGQUIT');
      stop = await start();
    },
    async [Symbol.asyncDispose]() {
      await stop('SIGINT');
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Asks in a connection of its own. */
export async function query<Row = Record<string, unknown>>(
  database: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: database });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as Row[];
  } finally {
    await client.end();
  }
}

async function programs(): Promise<string> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const newest = versions.map(Number).sort((a, b) => b - a)[0];
  if (newest !== undefined) return join(DEBIAN, String(newest), 'bin');
  const { exitCode, stdout } = await runCommand('pg_config', ['--bindir']);
  if (exitCode === 0) return stdout.trim();
  throw new Error('PostgreSQL is not installed (Debian: apt install postgresql).');
}
