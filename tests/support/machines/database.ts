import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { postgresPrograms, query } from '../postgres-server.ts';
import type { Box, Lan } from './lan.ts';

const ADDRESS = '10.67.0.10';
const AS_POSTGRES = ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'];

/** PostgreSQL with a streaming standby, at one address that always belongs to the primary. */
export interface Database {
  /** As the machines reach it. */
  url: string;
  /** Asks the primary, from outside of its network. */
  query<Row = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** It dies without a farewell, and begins again with the same data. */
  restart(): Promise<void>;
  /** The primary's machine dies, its standby takes its place and address, and gets a standby itself. */
  failOver(): Promise<void>;
}

export async function startDatabase(lan: Lan): Promise<Database> {
  const bin = await postgresPrograms();
  const uid = Number((await runCommand('id', ['-u', 'postgres'])).stdout);
  let number = 10;
  const node = async () => {
    number += 1;
    const dir = join(lan.root, `database-${number}`);
    await mkdir(dir);
    await chown(dir, uid, uid);
    const box = await lan.box({ name: `database-${number}`, number });
    const as = (program: string, ...args: string[]) =>
      box.exec([...AS_POSTGRES, join(bin, program), ...args], { cwd: dir });
    const options = `-k ${dir} -c listen_addresses=* -c fsync=off -c max_connections=200`;
    const control = (...args: string[]) =>
      as('pg_ctl', '-w', '-s', '-D', 'data', '-l', 'log', '-o', options, ...args);
    return { box, dir, as, control };
  };
  type Node = Awaited<ReturnType<typeof node>>;
  const standbyOf = async ({ box: { address } }: Node) => {
    const made = await node();
    const from = [
      '-h',
      address,
      '-U',
      'postgres',
      '-D',
      'data',
      '-R',
      '-X',
      'stream',
      '-c',
      'fast',
      '--no-sync',
    ];
    await made.as('pg_basebackup', ...from);
    await made.control('start');
    return made;
  };
  let primary = await node();
  await primary.as('initdb', '-D', 'data', '-A', 'trust', '-U', 'postgres', '--no-sync');
  const allowed = ['all', 'replication'].map((what) => `host ${what} all 10.67.0.0/24 trust\n`).join('');
  await runCommand('sh', ['-c', 'printf %s "$0" >>"$1"', allowed, join(primary.dir, 'data/pg_hba.conf')]);
  await takeAddress(primary.box);
  await primary.control('start');
  await primary.as('createdb', '-h', primary.dir, '-U', 'postgres', 'pool');
  let standby = await standbyOf(primary);
  return {
    url: `postgres://postgres@${ADDRESS}/pool`,
    query: (sql, values) =>
      query(`postgres://postgres@/pool?host=${encodeURIComponent(primary.dir)}`, sql, values),
    async restart() {
      await primary.control('stop', '-m', 'immediate');
      await primary.control('start');
    },
    async failOver() {
      await primary.box.kill();
      await standby.control('promote');
      await takeAddress(standby.box);
      primary = standby;
      standby = await standbyOf(primary);
    },
  };
}

/** With the hardware address that the other machines remember for it. */
async function takeAddress({ exec }: Box): Promise<void> {
  await exec(['ip', 'link', 'set', 'eth0', 'down', 'address', '02:67:00:00:00:10']);
  await exec(['ip', 'address', 'add', `${ADDRESS}/24`, 'dev', 'eth0']);
  await exec(['ip', 'link', 'set', 'eth0', 'up']);
}
