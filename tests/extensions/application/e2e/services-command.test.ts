import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { readServicesNow } from '../../../../src/core/session/folder/services-now.ts';
import { ci } from '../../../support/ci.ts';
import { HANGS, type SessionRig, startRig } from '../../../support/session-rig.ts';

const SERVER = `node -e 'console.log("\\x1b[2Jlistens"); require("http").createServer(({ url }, a) => {
  console.log("asked for " + url);
  a.end("hello");
}).listen(process.env.PORT, "127.0.0.1")'`.replaceAll('\n', ' ');
const LINES = { PORTS: 'web', SERVICE_WEB: `exec ${SERVER}`, SERVICE_QUEUE: 'echo waits; exec sleep 600' };

/** A person who types. */
async function samocode({ repo, program }: SessionRig, ...words: string[]) {
  const options = { cwd: repo.path, env: repo.env };
  const { exitCode, stdout, stderr } = await runCommand(
    process.execPath,
    [program('cli'), ...words],
    options,
  );
  return { exitCode, said: `${stdout}${stderr}` };
}

/** Follows the logs of all services until it is disposed of. */
function follow({ repo, program, file }: SessionRig) {
  const words = ['services', file.folder, 'logs', '-f'];
  const options = { cwd: repo.path, env: repo.env };
  const child = spawn(process.execPath, [program('cli'), ...words], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk));
  const ended = once(child, 'close');
  const dispose = async () => {
    child.kill('SIGINT');
    await ended;
  };
  return { said: () => said, [Symbol.asyncDispose]: dispose };
}

const saying = (text: string) => expect.stringContaining(text);

test('services of a stopped session are started, shown, followed and ended', ci, async () => {
  await using rig = await startRig({ at: 'stopped', lines: LINES });
  const { folder } = rig.file;
  const services = (...words: string[]) => samocode(rig, 'services', folder, ...words);
  expect(await services('logs')).toEqual({
    exitCode: 0,
    said: saying(`No service of ${folder} has run yet.`),
  });
  expect(await services('down')).toEqual({ exitCode: 0, said: saying('No services were up for a person.') });
  await using following = follow(rig);
  await expect.poll(following.said).toContain('has run yet');
  const up = await services('up');
  const port = (await readServicesNow(rig.paths))?.services[0]?.port;
  const address = `http://localhost:${port}`;
  expect(up).toEqual({ exitCode: 0, said: saying(`The application is at ${address}`) });
  expect(up.said).toContain(`web    ready on 127.0.0.1:${port}`);
  expect((await samocode(rig, 'status', folder)).said).toContain(address);
  expect((await services('up')).said).toContain(address);

  await fetch(`${address}/boats`);
  await expect.poll(following.said).toMatch(/web .*listens.*web asked for \/boats/s);
  expect(following.said()).not.toContain('\x1b[2J');

  expect((await services('logs')).said).toMatch(/queue\.txt.*waits.*web\.txt.*listens/s);
  expect(await services('logs', 'queue', '-n', '1')).toEqual({ exitCode: 0, said: saying('waits') });
  expect(await services('logs', 'db')).toEqual({ exitCode: 2, said: saying('These have: queue, web.') });
  expect(await services('down')).toEqual({ exitCode: 0, said: saying('their data is kept') });
  await expect(fetch(address)).rejects.toThrow();
  expect((await samocode(rig, 'status', folder)).said).not.toContain(address);
  // Each start begins a new log.
  await services('up');
  await expect.poll(() => following.said().split('listens')).toHaveLength(3);
  await services('down');
});

test('a service that fails is named with its last lines, and those after it do not start', async () => {
  const lines = { ...LINES, SERVICE_WEB: 'echo "no such table: boats" >&2; exit 3' };
  await using rig = await startRig({ at: 'stopped', lines });
  const { folder } = rig.file;
  const up = await samocode(rig, 'services', folder, 'up');
  expect(up).toEqual({
    exitCode: 1,
    said: saying('web (it ended before it was ready: exit status 3; its last line: no such table: boats)'),
  });
  expect(up.said).not.toContain('queue');
  const logs = await samocode(rig, 'services', folder, 'logs', '--json');
  expect(JSON.parse(logs.said).services).toMatchObject([{ name: 'web', lines: ['no such table: boats'] }]);
});

test('a port that another program holds is why no service of a person starts', async () => {
  await using rig = await startRig({ at: 'stopped', lines: LINES });
  const { folder } = rig.file;
  await samocode(rig, 'services', folder, 'up');
  const port = (await readServicesNow(rig.paths))?.services[0]?.port;
  await samocode(rig, 'services', folder, 'down');
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  try {
    const up = await samocode(rig, 'services', folder, 'up');
    expect(up).toEqual({ exitCode: 1, said: saying(`port ${port} (web) is in use`) });
    expect(up.said).not.toContain('The services start');
  } finally {
    other.close();
  }
});

test('services are refused where none can start for a person', async () => {
  await using none = await startRig({ at: 'stopped' });
  const { folder } = none.file;
  const refused = [
    [['nowhere', 'up'], 'nowhere'],
    [[folder, 'up'], 'have no services'],
    [[folder, 'up', 'web'], 'applies to all services'],
    [[folder, 'down', '-f'], 'applies to all services'],
    [[folder, 'restart'], 'restart'],
    [[folder, 'logs', '-f', '--json'], 'exclude each other'],
    [[folder, 'logs', 'web'], 'None has run yet.'],
  ] as const;
  for (const [words, text] of refused) {
    const { exitCode, said } = await samocode(none, 'services', ...words);
    expect(exitCode, said).not.toBe(0);
    expect(said).toContain(text);
  }

  await using rig = await startRig({ phase: 'implementation', scenario: HANGS, lines: LINES });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const ofAgent = (...words: string[]) => samocode(rig, 'services', rig.file.folder, ...words);
  const up = await ofAgent('up');
  expect(up).toEqual({ exitCode: expect.any(Number), said: saying('An agent is working in the session') });
  expect(up.exitCode).not.toBe(0);
  expect(await ofAgent('down')).toEqual({ exitCode: 0, said: saying('No services were up for a person.') });
  expect((await ofAgent('logs', 'web')).said).toContain('listens');
  // Those of the agent run still.
  expect((await readServicesNow(rig.paths))?.services).toMatchObject([
    { state: 'ready' },
    { state: 'ready' },
  ]);
});
