import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../../src/base/clock.ts';
import { ifExists } from '../../../../src/base/errors.ts';
import { pendingCommandIds } from '../../../../src/session/commands/commands.ts';
import { typed } from '../../../cli/typed.ts';
import { askTool } from '../../../server/ask-tool.ts';
import { makeServerRig, type ServerRig } from '../../../server/server-rig.ts';
import { ASKING, CREATED, PREPARED } from '../../../session/events.ts';

const FOLDER = '26-01-08-boat';

/** Timeouts expire over a hundred times sooner. */
const FAST: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 100 };

/** A parked session, and a worker program that takes no session. */
async function slowMachine() {
  const serverRig = await makeServerRig();
  const paths = await serverRig.addSession(FOLDER, [CREATED, PREPARED, ASKING]);
  const started = join(serverRig.repo.root, 'started');
  const worker = join(serverRig.repo.root, 'worker.cjs');
  const note = `require('node:fs').appendFileSync(${JSON.stringify(started)}, process.pid + '\n');`;
  await writeFile(worker, `${note.replace('\n', '\\n')} setInterval(() => {}, 1000);`);
  const programs = { worker, rehearsal: worker };
  return {
    paths,
    programs,
    serverRig,
    async [Symbol.asyncDispose]() {
      const pids = ((await ifExists(readFile(started, 'utf8'))) ?? '').split('\n').filter(Boolean);
      for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
      await serverRig[Symbol.asyncDispose]();
    },
  };
}

const placeOf = ({ repo }: ServerRig) => ({
  cwd: repo.path,
  home: repo.homeDir,
  env: { SAMOCODE_SUPERVISOR: 'off' },
});

test.each([
  ['send_message', { text: 'Mind the boats' }],
  ['stop_session', {}],
])('%s that no worker takes in time gives a result that says so, and no error', async (tool, args) => {
  await using machine = await slowMachine();
  const { serverRig, paths, programs } = machine;
  const context = { ...serverRig.context, clock: FAST, programs };
  const { isError, json } = await askTool(tool, { session: FOLDER, ...args }, context);
  expect({ isError, ...json }).toEqual({
    isError: false,
    summary: expect.stringMatching(
      /^The worker of 26-01-08-boat did not respond within \d+ s\. The command \w+ stays queued\.$/,
    ),
    next: 'get_status',
    session: FOLDER,
    pending: true,
  });
  expect(pendingCommandIds(paths)).toHaveLength(1);
  const status = (await askTool('get_status', { session: FOLDER }, context)).json;
  expect(status.worker).toBe('starting');
});

test('the command line prints it and exits with 0', async () => {
  await using machine = await slowMachine();
  const { serverRig, programs } = machine;
  const place = { ...placeOf(serverRig), programs, clock: FAST };
  const said = await typed(['stop', 'boat'], place);
  expect(said).toMatchObject({ exitCode: 0, stderr: '' });
  expect(said.stdout).toContain('stays queued.\n  Check again: samocode status boat');
  const { exitCode, stdout } = await typed(['stop', 'boat', '--json'], place);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ session: FOLDER, pending: true, next: 'samocode status boat' });
});

test('a resume whose worker does not start says that it may still be starting', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession(FOLDER, [CREATED, PREPARED]);
  const worker = join(serverRig.repo.root, 'worker.cjs');
  await writeFile(worker, '');
  const context = { ...serverRig.context, clock: FAST, programs: { worker, rehearsal: worker } };
  const { isError, json } = await askTool('resume_session', { session: FOLDER }, context);
  expect({ isError, pending: json.pending, summary: json.summary }).toEqual({
    isError: false,
    pending: true,
    summary: 'The worker of 26-01-08-boat did not respond within 15 s. It may still be starting.',
  });
});
