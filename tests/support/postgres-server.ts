import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, readdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { runCommand } from '../../src/core/kernel/processes/run-command.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { tempDir } from './temp-dir.ts';

interface Server extends AsyncDisposable {
  port: number;
  /** Dies without a farewell, and begins again with the same data. */
  restart(): Promise<void>;
}

export interface PostgresServer extends Server {
  /** The address of a new, empty database. */
  database(): Promise<string>;
  /** Another server, which follows this one asynchronously. */
  standby(): Promise<Standby>;
}

export interface Standby extends Server {
  /** Receives nothing more, after it has everything from before: what the primary does from here on is lost. */
  cutOff(): Promise<void>;
  promote(): Promise<void>;
}

const DEBIAN = '/usr/lib/postgresql';

/**
 * A real server of its own, as the user `postgres` where we are root. @throws where none is installed
 * @param settings `name=value`; by default it trusts the disk with what it has not written yet
 */
export async function startPostgres(settings = ['fsync=off']): Promise<PostgresServer> {
  const here = await serverFolder();
  const { data } = here;
  await here.run('initdb', '-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync');
  const server = await here.start(settings);
  const address = (name: string) => `postgres://postgres@127.0.0.1:${server.port}/${name}`;
  let databases = 0;
  return {
    ...server,
    async database() {
      databases += 1;
      const name = `d${databases}`;
      await query(address('postgres'), `create database ${name}`);
      return address(name);
    },
    standby: () => standbyOf(server.port, settings),
  };
}

/** A server for all tests of a file. */
export function sharedPostgres(): Pick<PostgresServer, 'database' | 'restart'> {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  return { database: () => server.database(), restart: () => server.restart() };
}

async function standbyOf(primary: number, settings: readonly string[]): Promise<Standby> {
  const there = await serverFolder();
  const from = ['-h', '127.0.0.1', '-p', `${primary}`, '-U', 'postgres'];
  await there.run('pg_basebackup', '-D', there.data, '-R', '-X', 'stream', '--checkpoint=fast', ...from);
  const server = await there.start(settings);
  const at = (port: number) => `postgres://postgres@127.0.0.1:${port}/postgres`;
  return {
    ...server,
    async cutOff() {
      const [here] = await query<{ lsn: string }>(at(primary), 'select pg_current_wal_lsn() as lsn');
      const caughtUp = 'select 1 where pg_last_wal_replay_lsn() >= $1::pg_lsn';
      await eventually(async () => (await query(at(server.port), caughtUp, [here?.lsn])).length === 1);
      await query(at(server.port), `alter system set primary_conninfo = ''`);
      await query(at(server.port), 'select pg_reload_conf()');
      const receiver = 'select 1 from pg_stat_wal_receiver';
      await eventually(async () => (await query(at(server.port), receiver)).length === 0);
    },
    async promote() {
      await query(at(server.port), 'select pg_promote()');
    },
  };
}

/** A folder for the data of a server. */
async function serverFolder() {
  const bin = await postgresPrograms();
  const dir = await tempDir();
  const data = join(dir.path, 'data');
  const isRoot = userInfo().uid === 0;
  const as = isRoot ? ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'] : [];
  if (isRoot) await chown(dir.path, Number((await runCommand('id', ['-u', 'postgres'])).stdout), -1);
  const command = (program: string, ...args: string[]) => [...as, join(bin, program), ...args] as [string];
  return {
    data,
    async run(...given: [program: string, ...args: string[]]) {
      const [file, ...args] = command(...given);
      const { exitCode, stderr } = await runCommand(file, args, { cwd: dir.path });
      if (exitCode !== 0) throw new Error(`${given[0]}: ${stderr}`);
    },
    async start(settings: readonly string[]): Promise<Server> {
      const port = await freePort();
      const launch = async () => {
        const where = ['-D', data, '-k', dir.path, '-p', `${port}`, '-c', 'listen_addresses=127.0.0.1'];
        const chosen = ['max_connections=200', ...settings].flatMap((setting) => ['-c', setting]);
        const [program, ...options] = command('postgres', ...where, ...chosen);
        const server = spawn(program, options, { cwd: dir.path, stdio: 'ignore' });
        const ended = once(server, 'close');
        const address = `postgres://postgres@127.0.0.1:${port}/postgres`;
        await eventually(async () => (await query(address, 'select 1')).length === 1);
        return async (signal: 'SIGINT' | 'SIGQUIT') => {
          server.kill(signal);
          await ended;
        };
      };
      let stop = await launch();
      return {
        port,
        async restart() {
          await stop('SIGQUIT');
          stop = await launch();
        },
        async [Symbol.asyncDispose]() {
          await stop('SIGINT');
          await dir[Symbol.asyncDispose]();
        },
      };
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

/** The folder of the server's programs, which Debian keeps off PATH. @throws where none is installed */
export async function postgresPrograms(): Promise<string> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const newest = versions.map(Number).sort((a, b) => b - a)[0];
  if (newest !== undefined) return join(DEBIAN, String(newest), 'bin');
  const { exitCode, stdout } = await runCommand('pg_config', ['--bindir']);
  if (exitCode === 0) return stdout.trim();
  throw new Error('PostgreSQL is not installed (Debian: apt install postgresql).');
}
