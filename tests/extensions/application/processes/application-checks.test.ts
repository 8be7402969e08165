import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { applicationChecks } from '../../../../src/extensions/application/application-checks.ts';
import { portsFolder, reservePorts } from '../../../../src/extensions/application/ports/reserve-ports.ts';
import { ci } from '../../../support/ci.ts';
import { trustLines } from '../../../support/project.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

async function contextIn(repo: TempRepo, env: Record<string, string> = {}): Promise<ActionContext> {
  return {
    clock: systemClock,
    host: await systemHost(),
    env: { ...repo.env, ...env },
    home: repo.homeDir,
    cwd: repo.path,
    by: { channel: 'cli' },
    programs: { worker: join(repo.homeDir, 'dist/worker.cjs'), rehearsal: '/none/rehearsal.cjs' },
  };
}

const LINES = [
  'PORTS=web,db',
  'SERVICE_DB=test -d {data}/db || no-initdb-here -D {data}/db; exec git -c "a; b"',
  'SERVICE_WEB=exec no-server-here --port {port.web}',
  'SERVICE_INIT=for x in a b; do echo $x; done',
  'READY_DB=test -f ready && true',
  'PAGES=/',
];

test('the first missing program of each line is named, and what is missing for pictures', ci, async () => {
  await using repo = await makeRepo();
  await setupProject({}, await contextIn(repo));
  await trustLines(repo, `${LINES.join('\n')}\n`);
  const bin = join(repo.homeDir, 'bin');
  await mkdir(bin);
  const { stdout: git } = await runCommand('/bin/sh', ['-c', 'command -v git'], { cwd: bin });
  await symlink(git.trim(), join(bin, 'git'));
  const context = await contextIn(repo, { PATH: bin });
  const found = async () =>
    (await applicationChecks(context)).map(
      ({ id, level, found: words }) =>
        `${level} ${id} ${/"([\w-]+)"/.exec(level === 'ok' ? '' : words)?.[1] ?? ''}`,
    );
  const ofServices = [
    'warn service.db no-initdb-here',
    'warn service.web no-server-here',
    'ok service.init ',
    'ok ready.db ',
  ];
  expect(await found()).toEqual([...ofServices, 'warn pages.playwright ', 'warn pages.chromium ']);
  await symlink('/bin/sh', join(bin, 'chromium'));
  const peer = join(repo.homeDir, 'node_modules/playwright-core');
  await mkdir(peer, { recursive: true });
  await writeFile(join(peer, 'package.json'), '{}');
  await mkdir(join(repo.homeDir, 'dist'));
  expect(await found()).toEqual([...ofServices, 'ok pages ']);
});

test('a line of ENV_ that names the main checkout is named, and no other', async () => {
  await using repo = await makeRepo();
  await setupProject({}, await contextIn(repo));
  await trustLines(repo, `ENV_PYTHONPATH=/opt/x:${repo.path}/src\nENV_URL=http://x${repo.path}\n`);
  const found = (await applicationChecks(await contextIn(repo))).filter(({ id }) => id.startsWith('env.'));
  expect(found).toMatchObject([{ level: 'warn', id: 'env.pythonpath' }]);
  expect(found[0]?.found).toContain(`${repo.path}/src`);
});

test('a port of a session that another program holds is named with this program, others are counted', async () => {
  await using repo = await makeRepo();
  const context = await contextIn(repo);
  const run = join(repo.homeDir, 'run');
  await mkdir(run);
  const session = join(run, 'session.json');
  await writeFile(session, '{}');
  const owner = { id: 'A', while: session, name: '26-01-08-boats' };
  const { web = 0 } = await reservePorts(
    portsFolder(repo.homeDir),
    { owner, names: ['web'], set: 'own' },
    context,
  );
  expect(await applicationChecks(context)).toMatchObject([{ level: 'ok', id: 'ports' }]);
  // Its services ran, and a later process has the number of the worker.
  await mkdir(join(run, 'services'));
  const now = { v: 1, at: '2026-01-08T09:00:00Z', worker: process.pid, startTicks: '7', services: [] };
  await writeFile(join(run, 'services/now.json'), JSON.stringify(now));
  const server = createServer().listen(web, '127.0.0.1');
  await once(server, 'listening');
  try {
    const [check] = await applicationChecks(context);
    expect(check).toMatchObject({ level: 'warn', id: `port.${web}` });
    expect(check?.found).toContain(`Port ${web} (web) of 26-01-08-boats is in use by process ${process.pid}`);
    const odd = join(repo.homeDir, '.config/samocode/ports/29999');
    await mkdir(odd);
    expect((await applicationChecks(context))[0]?.found).toContain(odd);
  } finally {
    server.close();
  }
});
