import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { problemsIn, readSettings } from '../../../../src/core/project/settings/read-settings.ts';
import {
  applicationText,
  proposedApplication,
} from '../../../../src/extensions/application/settings/proposed-application.ts';
import { tempDir } from '../../../support/temp-dir.ts';

async function proposedFor(files: Readonly<Record<string, string>>) {
  await using dir = await tempDir();
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir.path, name), text);
  return await proposedApplication(dir.path);
}

const dev = (script: string) => JSON.stringify({ scripts: { dev: script } });

test.each<[string, Record<string, string>, string]>([
  ['vite with npm', { 'package.json': dev('vite') }, 'npm run dev -- --port {port.web}'],
  ['next with pnpm', { 'package.json': dev('next dev'), 'pnpm-lock.yaml': '' }, 'pnpm dev --port {port.web}'],
  ['a server that reads PORT', { 'package.json': dev('node server.js'), 'yarn.lock': '' }, 'yarn dev'],
  [
    'vite behind others',
    { 'package.json': dev('tsc -b && NODE_ENV=x vite dev') },
    'npm run dev -- --port {port.web}',
  ],
  ['a script with PORT', { 'package.json': dev('php -S localhost:$PORT') }, 'npm run dev'],
  [
    'a port with a default',
    { Procfile: `web: serve -p \${PORT:-8000} $PORTS\n` },
    'serve -p {port.web} $PORTS',
  ],
  [
    'a library with a Procfile',
    { 'package.json': dev('tsup --watch'), Procfile: 'web: x $PORT\n' },
    'x {port.web}',
  ],
  ['a Procfile', { Procfile: 'worker: x\nweb: bin/serve -p $PORT\n' }, 'bin/serve -p {port.web}'],
])('%s: its server is proposed with its port', async (_, files, service) => {
  expect((await proposedFor(files))?.lines).toEqual({ PORTS: 'web', SERVICE_WEB: service });
});

const COMPOSE = `services:
  db:
    image: "docker.io/library/postgres:17-alpine"
  cache:
    image: redis
  other:
    image: example/postgres-exporter
`;

test('databases of compose files and of .env.example are proposed, with addresses at the ports of a session', async () => {
  const found = await proposedFor({
    'compose.yaml': COMPOSE,
    '.env.example':
      'DATABASE_URL="postgresql://app:secret@db:5432/app?schema=a"\nMYSQL_URL=mysql://u:p@mysql/shop\nREDIS_URL=redis://cache:6379/1\nSITE=https://example.com\n',
    'package.json': dev('vite'),
  });
  expect(found?.from).toEqual(['compose.yaml', '.env.example', 'package.json']);
  expect(found?.lines).toMatchObject({
    PORTS: 'web,db,mysql,redis',
    READY_DB: 'pg_isready -h 127.0.0.1 -p {port.db}',
    ENV_DATABASE_URL: 'postgresql://postgres@127.0.0.1:{port.db}/app?schema=a',
    ENV_MYSQL_URL: 'mysql://root@127.0.0.1:{port.mysql}/shop',
    ENV_REDIS_URL: 'redis://127.0.0.1:{port.redis}/1',
  });
  const text = Object.entries(found?.lines ?? {}).map(([key, value]) => `${key}=${value}`);
  const { readings, warnings } = readSettings({
    projectFile: {
      path: '/p/.samocode',
      text: ['MAIN_REPO=.', 'WORKTREES=w', 'SESSIONS=s', ...text].join('\n'),
    },
    env: {},
    homeDir: '/home/me',
  });
  expect(problemsIn({ readings })).toEqual([]);
  expect(warnings).toEqual([]);
});

test('MariaDB has other programs than MySQL, also behind an address of MySQL', async () => {
  const compose = 'services:\n  db:\n    image: mariadb:11\n';
  const found = await proposedFor({ 'compose.yaml': compose, '.env.example': 'URL=mysql://u:p@db/shop\n' });
  expect(found?.from).toEqual(['compose.yaml', '.env.example']);
  expect(found?.lines).toMatchObject({
    PORTS: 'mysql',
    SERVICE_MYSQL: expect.stringMatching(/mariadb-install-db .*exec mariadbd /),
    READY_MYSQL: expect.stringContaining('mariadb-admin '),
    ENV_URL: 'mysql://root@127.0.0.1:{port.mysql}/shop',
  });
});

test('a driver with digits in its name is an address of its database', async () => {
  const found = await proposedFor({ '.env.example': 'A=postgresql+psycopg2://u@db:5432/app\n' });
  expect(found?.lines.ENV_A).toBe('postgresql+psycopg2://postgres@127.0.0.1:{port.db}/app');
});

test('a proposal cannot change the terminal', async () => {
  const clears = '\x1b[2J';
  expect(await proposedFor({ Procfile: `web: ${clears}x\n` })).toBeUndefined();
  expect(applicationText({ lines: { PORTS: clears }, from: [clears] })).not.toContain('\x1b');
});

test.each<[string, Record<string, string>]>([
  ...[
    'tsup --watch',
    'tsc -w',
    'turbo run dev',
    'docker compose up',
    'vite build --watch',
    'vitest',
    'PORT=1 x',
  ].map((script): [string, Record<string, string>] => [script, { 'package.json': dev(script) }]),
  ['no file', {}],
  ['a package without a server', { 'package.json': '{"scripts": {"test": "vitest"}}' }],
  ['a compose file that cannot be read', { 'compose.yml': '\0' }],
  ['addresses of other services', { '.env.example': 'API=https://example.com\nPORT=3000\n' }],
])('%s: nothing is proposed', async (_, files) => {
  expect(await proposedFor(files)).toBeUndefined();
});
