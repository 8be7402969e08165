import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configFolder } from '../../../../src/core/kernel/config-folder.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { reservedPorts } from '../../../../src/extensions/application/ports/reserve-ports.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { eventsOfType } from '../../../support/events-of.ts';
import { makeProject } from '../../../support/project.ts';
import { startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import type { TempRepo } from '../../../support/temp-repo.ts';

const SERVER = `require('node:http')
  .createServer((_, response) => response.end(process.env.GREETING))
  .listen(Number(process.env.PORT), '127.0.0.1');
`;
const SERVICE = 'exec node server.cjs';
/** It lets a server end that can, and waits until that one has. */
const CHECK =
  'test "$(curl -s http://localhost:$PORT)" = hello && { curl -s http://localhost:$PORT/end || sleep 1; }';
const LINES = {
  ...{ PORTS: 'web', SERVICE_WEB: SERVICE, SERVICE_INIT: 'touch {data}/made' },
  ...{ ENV_GREETING: 'hello', CHECK },
};
const FILES = { files: { 'server.cjs': SERVER } };

async function samocode({ path: cwd, env }: TempRepo, ...words: string[]) {
  const { cli } = await builtPrograms();
  const { exitCode, stdout, stderr } = await runCommand(process.execPath, [cli, ...words], { cwd, env });
  return { exitCode, said: `${stdout}${stderr}` };
}

const reservationsOf = ({ homeDir }: TempRepo) => reservedPorts(join(configFolder(homeDir), 'ports'));

test.each(['off', 'guard', 'strict'] as const)(
  'with SANDBOX=%s verify repeats a proof beside its services, which may fail there, with the variables of the application',
  async (sandbox) => {
    await using elsewhere = await tempDir();
    const missing = join(elsewhere.path, 'missing');
    const service = `test ! -e ${missing} && ${SERVICE}`;
    const lines = { ...LINES, SERVICE_WEB: service };
    await using rig = await startRig({ sandbox, phase: 'done', lines, repo: FILES });
    const { status } = await rig.until(({ status: { kind } }) => kind === 'done' || kind === 'blocked');
    expect(status.kind).toBe('done');
    await endOfWorker(rig);
    const reserved = reservationsOf(rig.repo);
    const verified = await samocode(rig.repo, 'verify', rig.file.folder, '--yes');
    expect(verified).toEqual({ exitCode: 0, said: expect.stringContaining('yes: ') });
    if (sandbox === 'off') {
      await writeFile(missing, '');
      const failed = await samocode(rig.repo, 'verify', rig.file.folder, '--yes', '--json');
      expect(failed.exitCode).toBe(1);
      expect(JSON.parse(failed.said).differences).toMatchObject([
        { what: 'exit_status', about: service, found: '1' },
        { what: 'exit_status', about: CHECK, found: 'it did not run' },
      ]);
    }
    expect(reservationsOf(rig.repo)).toEqual(reserved);
  },
);

test.each(['off', 'strict'] as const)(
  'with SANDBOX=%s doctor --checks runs the checks of a project beside its services',
  async (sandbox) => {
    const { repo } = await makeProject({ ...FILES, sandbox, lines: LINES });
    try {
      const fine = await samocode(repo, 'doctor', '--checks', '--verbose');
      expect(fine.said).toContain(`\`${CHECK}\` passes on the base of a session`);
      await repo.commit('Break it', { 'server.cjs': 'console.log("no such table"); process.exit(1);' });
      const broken = await samocode(repo, 'doctor', '--checks');
      expect(broken.said).toContain(`The service line \`${SERVICE}\` fails on the base of a session`);
      expect(broken.said).toContain('no such table');
      await repo.commit('End it', {
        'server.cjs': SERVER.replace(
          '(_, response) =>',
          '({ url }, response) => url === "/end" ? process.exit(7) :',
        ),
      });
      const ended = await samocode(repo, 'doctor', '--checks');
      expect(ended.said).toContain(`The service line \`${SERVICE}\` fails on the base of a session`);
      expect(ended.said).toContain('it ended although it was still needed: exit status 7');
      expect(reservationsOf(repo)).toEqual([]);
    } finally {
      await repo[Symbol.asyncDispose]();
    }
  },
);

test('a check that a counter in a service makes red stays red when it is repeated: services begin anew', async () => {
  const counts = SERVER.replace('process.env.GREETING', 'String(count += 1)');
  const works = [
    { act: 'edit', path: 'server.cjs', text: `let count = 0;\n${counts}` },
    { act: 'commit', subject: 'Count' },
    { act: 'end', did: 'Counted', signal: { status: 'done', summary: 'It counts' } },
  ];
  await using rig = await startRig({
    here: true,
    lines: { ...LINES, ENV_GREETING: '0', CHECK: 'test $(( $(curl -s http://localhost:$PORT) % 2 )) = 0' },
    repo: FILES,
    start: { task: 'Count', quick: true },
    scenario: { rules: [{ when: { phase: 'implementation' }, do: works }] },
  });
  await rig.until(({ progress }) => progress.testReturns > 0);
  const ran = await eventsOfType(rig, 'checks_ran');
  expect(ran.find(({ set }) => set === 'base')?.runs).toMatchObject([{ exitCode: 0 }]);
  expect(ran.find(({ set }) => set === 'full')?.runs).toMatchObject([
    { exitCode: 1, again: { exitCode: 1 } },
  ]);
});
