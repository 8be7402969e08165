import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { harmless } from '../../../core/faces/terminal/style.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { plainJson, plainText } from '../../../core/kernel/files/plain-file.ts';

/** Ports, services and variables as suggested by a repository's own files; none of it runs before a person agrees. */
export interface ProposedApplication {
  /** Lines of `.samocode`, in order. */
  lines: Record<string, string>;
  /** The files that suggest them. */
  from: string[];
}

interface Files {
  text(name: string): Promise<string>;
  names: readonly string[];
  scripts: Readonly<Record<string, unknown>>;
}

interface Database {
  name: string;
  /** Images of compose files. */
  image: RegExp;
  /** The beginning of an address in `.env.example`. */
  scheme: RegExp;
  /**
   * Starts the installed programs as an ordinary user, with the data in a folder of the session. New data gets its
   * name only once it is complete: a start can be interrupted at any moment.
   */
  service: string;
  ready: string;
}

const DATABASES: readonly Database[] = [
  {
    name: 'db',
    image: /(?:^|\/)(?:postgres|postgis|pgvector|timescaledb)(?:$|[:@-])/,
    scheme: /^postgres(?:ql)?(?:\+\w+)?:/,
    service:
      'if ! test -d {data}/db; then rm -rf {data}/new; initdb -D {data}/new -U postgres -A trust && mv {data}/new {data}/db; fi; exec postgres -D {data}/db -p {port.db} -c unix_socket_directories=',
    ready: 'pg_isready -h 127.0.0.1 -p {port.db}',
  },
  {
    name: 'mysql',
    image: /(?:^|\/)mariadb(?:$|[:@-])/,
    scheme: /^mariadb(?:\+\w+)?:/,
    service:
      'if ! test -d {data}/mysql; then rm -rf {data}/new; mariadb-install-db --no-defaults --auth-root-authentication-method=normal --datadir={data}/new && mv {data}/new {data}/mysql; fi; exec mariadbd --no-defaults --datadir={data}/mysql --port={port.mysql} --bind-address=127.0.0.1 --socket=mysql.sock',
    ready: 'mariadb-admin --no-defaults -h 127.0.0.1 -P {port.mysql} -u root ping',
  },
  {
    name: 'mysql',
    image: /(?:^|\/)mysql(?:$|[:@-])/,
    scheme: /^mysql(?:\+\w+)?:/,
    service:
      'if ! test -d {data}/mysql; then rm -rf {data}/new; mysqld --no-defaults --initialize-insecure --datadir={data}/new && mv {data}/new {data}/mysql; fi; exec mysqld --no-defaults --datadir={data}/mysql --port={port.mysql} --bind-address=127.0.0.1 --socket=mysql.sock --mysqlx=OFF',
    ready: 'mysqladmin --no-defaults -h 127.0.0.1 -P {port.mysql} -u root ping',
  },
  {
    name: 'redis',
    image: /(?:^|\/)(?:redis|valkey)(?:$|[:@-])/,
    scheme: /^rediss?:/,
    service:
      'mkdir -p {data}/redis; exec redis-server --port {port.redis} --bind 127.0.0.1 --dir {data}/redis',
    ready: 'redis-cli -p {port.redis} ping',
  },
];

const COMPOSE = /^(?:docker-)?compose(?:\.[\w-]+)?\.ya?ml$/;
const ENV_EXAMPLE = '.env.example';

/** Reads files at the top of a repository; runs nothing. @returns undefined if there is nothing to propose */
export async function proposedApplication(top: string): Promise<ProposedApplication | undefined> {
  const files: Files = {
    text: async (name) => (await plainText(join(top, name), MAX_BYTES)) ?? '',
    names: await readdir(top).catch(() => []),
    scripts: (await plainJson(join(top, 'package.json'), Scripts))?.scripts ?? {},
  };
  const addresses = await addressesIn(files);
  const databases = await databasesIn(files, addresses);
  const web = await webIn(files, top);
  if (web === undefined && databases.length === 0) return undefined;
  const variables = addresses.flatMap(({ key, address }) => {
    const database = databases.find(({ name }) => isAddressOf(name, address));
    return database === undefined ? [] : [[`ENV_${key}`, withPort(address, database)]];
  });
  const ports = [...(web ? ['web'] : []), ...databases.map(({ name }) => name)];
  const lines = Object.fromEntries([
    ['PORTS', ports.join(',')],
    ...databases.flatMap(({ name, service, ready }) => [
      [`SERVICE_${name.toUpperCase()}`, service],
      [`READY_${name.toUpperCase()}`, ready],
    ]),
    ...(web ? [['SERVICE_WEB', web.service]] : []),
    ...variables,
  ]);
  const from = [...databases.flatMap((each) => each.from), ...(web ? [web.from] : [])];
  return { lines, from: [...new Set(from)] };
}

interface Address {
  key: string;
  address: string;
}

async function addressesIn({ text }: Files): Promise<Address[]> {
  const found = (await text(ENV_EXAMPLE)).matchAll(
    /^\s*(?:export\s+)?([A-Za-z_]\w*)=["']?([a-z][a-z0-9+]*:\/\/[^\s\p{Cc}"']+)/gmu,
  );
  return [...found].map(([, key = '', address = '']) => ({ key, address }));
}

async function databasesIn(
  { names, text }: Files,
  addresses: readonly Address[],
): Promise<(Database & { from: string[] })[]> {
  const composed = await Promise.all(
    names
      .filter((name) => COMPOSE.test(name))
      .map(async (name) => ({ name, images: imagesIn(await text(name)) })),
  );
  const composedIn = ({ image }: Database) =>
    composed.filter(({ images }) => images.some((each) => image.test(each))).map(({ name }) => name);
  return [...new Set(DATABASES.map(({ name }) => name))].flatMap((name) => {
    const kinds = DATABASES.filter((each) => each.name === name);
    const addressed = kinds.find(({ scheme }) => addresses.some(({ address }) => scheme.test(address)));
    // MariaDB often has addresses of MySQL.
    const database = kinds.find((each) => composedIn(each).length > 0) ?? addressed;
    if (database === undefined) return [];
    return [{ ...database, from: [...composedIn(database), ...(addressed ? [ENV_EXAMPLE] : [])] }];
  });
}

function isAddressOf(name: string, address: string): boolean {
  return DATABASES.some((each) => each.name === name && each.scheme.test(address));
}

function imagesIn(compose: string): string[] {
  return [...compose.matchAll(/^\s*image:\s*["']?([^\s"'#]+)/gm)].map(([, image = '']) => image);
}

/** The address on this machine: the name of a compose service means nothing outside of its network. */
function withPort(address: string, { name }: Database): string {
  const [, scheme = '', path = ''] = /^([a-z][a-z0-9+]*:\/\/)[^/?]*(.*)$/.exec(address) ?? [];
  // The user that `initdb` and `mysqld` are started with, who needs no password; Redis has none.
  const user = { db: 'postgres@', mysql: 'root@' }[name] ?? '';
  return `${scheme}${user}127.0.0.1:{port.${name}}${path}`;
}

/** Programs that serve until they are ended, and how they get their port; without an option they read PORT. */
const SERVERS: readonly [program: RegExp, option?: string][] = [
  [
    /^(?:vite|astro|nuxt|nuxi|next|parcel|(?:ng|vue-cli-service|webpack) serve|webpack-dev-server|(?:storybook|wrangler) dev)(?!\S| +(?:build|watch))/,
    '--port',
  ],
  [/^(?:(?:\S+\/)?rails +s(?:erver)?|puma)(?!\S)/, '-p'],
  [/^(?:react-scripts +start|nodemon|(?:node|tsx|bun) .*\bserver\b|.*\$\{?PORT\b)/],
];
/** What comes before the program. */
const BEFORE = /^(?:(?:\w+=\S*|cross-env|npx)\s+)*/;

async function webIn(files: Files, top: string): Promise<{ service: string; from: string } | undefined> {
  const { dev } = files.scripts;
  const service = typeof dev === 'string' ? devLine(dev, runnerIn(top)) : undefined;
  if (service !== undefined) return { service, from: 'package.json' };
  const [, command] = /^web:[ \t]*([^\s\p{Cc}][^\p{Cc}]*)$/mu.exec(await files.text('Procfile')) ?? [];
  if (command === undefined) return undefined;
  // Each process of a Procfile reads PORT, which is the port named first.
  return {
    service: command.trim().replace(/\$\{PORT(?::?-[^}]*)?\}|\$PORT\b/g, '{port.web}'),
    from: 'Procfile',
  };
}

/** @returns undefined for a script that may end, or serve on no port: `tsc -w` would never be ready */
function devLine(script: string, run: string): string | undefined {
  // Options are added to the last command.
  const last =
    script
      .split(/[;&|]+/)
      .at(-1)
      ?.trim()
      .replace(BEFORE, '') ?? '';
  const server = SERVERS.find(([program]) => program.test(last));
  if (server === undefined) return undefined;
  const [, option] = server;
  if (option === undefined) return `${run} dev`;
  // Only npm takes what follows `--` away from itself; the others pass options on.
  return run === 'npm run' ? `npm run dev -- ${option} {port.web}` : `${run} dev ${option} {port.web}`;
}

function runnerIn(top: string): string {
  const has = (name: string) => statsAt(join(top, name)) !== undefined;
  if (has('pnpm-lock.yaml')) return 'pnpm';
  if (has('yarn.lock')) return 'yarn';
  return has('bun.lock') || has('bun.lockb') ? 'bun run' : 'npm run';
}

export function applicationText({ lines, from }: ProposedApplication): string {
  const written = Object.entries(lines).map(([key, value]) => `  ${key}=${value}`);
  const verb = from.length === 1 ? 'suggests' : 'suggest';
  return [`${from.join(', ')} ${verb} ports and services for each session:`, ...written]
    .map(harmless)
    .join('\n');
}

const MAX_BYTES = 1024 * 1024;
const Scripts = z.looseObject({ scripts: z.record(z.string(), z.unknown()).optional() });
