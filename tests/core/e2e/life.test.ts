import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { type DemoProject, makeDemoProject, Parent, pathsOf, until } from '../../support/mcp-rig.ts';
import {
  BUILT_SERVER,
  INITIALIZE,
  type RawServer,
  spawnServer,
  startServer,
} from '../../support/raw-server.ts';

const PING = '{"jsonrpc":"2.0","id":"p","method":"ping"}';

const at = (place: DemoProject) => ({ cwd: place.repo, env: place.env });

/** Runs in the server's process, before the server's first line. */
function preload(code: string): { nodeArgs: string[] } {
  return { nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(code)}`] };
}

/** Runs it every 20 ms, once the server has installed its handlers. */
function again(code: string): string {
  return `setInterval(() => { if (process.listenerCount('unhandledRejection') > 0) ${code}; }, 20)`;
}

/** For every server that changes nothing in it; with one session, which is stopped. */
let place: DemoProject;
let session: string;

beforeAll(async () => {
  place = await makeDemoProject();
  await using parent = await Parent.connect(place);
  ({ session } = await parent.call('start_session', { task: 'x', provider: 'rehearsal', start: false }));
  await until(pathsOf(place, session), ({ status }) => status.kind === 'stopped');
});

afterAll(() => place[Symbol.asyncDispose]());

/** A server with a pending call, a subscription and a watched list: everything that could keep it running. */
async function busyServer(): Promise<RawServer> {
  const server = await startServer(at(place));
  await server.request('resources/list');
  await server.request('resources/subscribe', { uri: `samocode://sessions/${session}/overview` });
  const { result } = await server.request('tools/call', { name: 'get_status', arguments: { session } });
  const { cursor } = (result?.structuredContent ?? {}) as { cursor?: number };
  void server.request('tools/call', { name: 'wait', arguments: { session, cursor, timeout_s: 40 } });
  await server.request('ping');
  return server;
}

test.each<[string, (server: RawServer) => void]>([
  ['the end of its input', ({ child }) => child.stdin?.end()],
  ['SIGINT', ({ child }) => child.kill('SIGINT')],
  ['SIGTERM', ({ child }) => child.kill('SIGTERM')],
  ['SIGHUP', ({ child }) => child.kill('SIGHUP')],
  [
    'a reader that does not read an answer',
    ({ child, send }) => {
      child.stdout?.destroy();
      send(PING);
    },
  ],
])('%s ends the server at once, in the middle of a wait', async (_name, leave) => {
  const server = await busyServer();
  leave(server);
  expect(await server.ended).toEqual([0, null]);
});

test('a client that is killed ends its server too', ci, async () => {
  const script = `
    const { spawn } = require('node:child_process');
    const server = spawn(process.execPath, [${JSON.stringify(BUILT_SERVER)}], { stdio: ['pipe', 'pipe', 'inherit'] });
    server.stdin.write(${JSON.stringify(`${JSON.stringify(INITIALIZE)}\n`)});
    server.stdout.once('data', () => console.log(server.pid));`;
  const client = spawn(process.execPath, ['-e', script], {
    ...at(place),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = await once(client.stdout, 'data');
  client.kill('SIGKILL');
  await eventuallyGone(Number(pid));
});

async function eventuallyGone(pid: number): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    const isThere = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (isThere === undefined || / Z /.test(isThere)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Process ${pid} still runs.`);
}

test('an output on a full disk ends the server', async () => {
  const stdout = openSync('/dev/full', 'w');
  const server = spawnServer({ ...at(place), stdout });
  closeSync(stdout);
  server.send(PING);
  expect(await server.ended).toEqual([0, null]);
});

test('a reader that closes a pipe ends the server with its next message', async () => {
  const line = '"$0" "$1" | head -n 1 && echo over';
  const shell = spawn('sh', ['-c', line, process.execPath, BUILT_SERVER], { ...at(place), stdio: 'pipe' });
  let out = '';
  shell.stdin.on('error', () => {});
  shell.stdout.on('data', (text) => {
    out += String(text);
    shell.stdin.write(`${PING}\n`);
  });
  shell.stdin.write(`${JSON.stringify(INITIALIZE)}\n`);
  // The shell waits for both, and its input stays open.
  await once(shell, 'exit');
  expect(out).toMatch(/^\{"result":.*\}\nover\n$/);
});

test('no input at all ends the server', async () => {
  const server = spawn(process.execPath, [BUILT_SERVER], { ...at(place), stdio: 'ignore' });
  expect(await once(server, 'exit')).toEqual([0, null]);
});

test('an input that fails ends the server', async () => {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  const [input] = (await once(listener, 'connection')) as [Socket];
  const server = spawn(process.execPath, [BUILT_SERVER], { ...at(place), stdio: [input, 'pipe', 'ignore'] });
  client.write(`${PING}\n`);
  await once(server.stdout as Readable, 'data');
  client.resetAndDestroy();
  expect(await once(server, 'exit')).toEqual([0, null]);
  input.destroy();
  listener.close();
});

test.each<[string, string]>([
  ['an uncaught exception', 'throw new Error("planted")'],
  ['an unhandled rejection', 'void Promise.reject(new Error("planted"))'],
  ['a thrown value that is not an error', 'throw undefined'],
])('%s does not end the server', async (_name, code) => {
  const server = await startServer({ ...at(place), ...preload(again(code)) });
  for (let index = 0; index < 5; index += 1) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await server.request('ping')).result).toEqual({});
  }
  expect(server.errors()).toMatch(/planted|undefined/);
  server.child.stdin?.end();
  expect(await server.ended).toEqual([0, null]);
});

test('a failure that cannot be logged does not end the server', async () => {
  const stderr = openSync('/dev/full', 'w');
  const code = again('throw new Error("planted")');
  const server = await startServer({ ...at(place), ...preload(code), stderr });
  closeSync(stderr);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await server.request('ping')).result).toEqual({});
  server.child.stdin?.end();
  expect(await server.ended).toEqual([0, null]);
});

const messageOf = (bytes: number) => ({
  name: 'send_message',
  arguments: { session: 's', text: 'x'.repeat(bytes) },
});

test('after lines that are not JSON-RPC, and one of 8 MB, requests are still answered', async () => {
  const server = await startServer(at(place));
  for (const line of ['not json', '{"jsonrpc":', '[1,2]', 'null', '\u0000\u0001', '{"id":3}'])
    server.send(line);
  expect((await server.request('ping')).result).toEqual({});
  const { result } = await server.request('tools/call', messageOf(8_000_000));
  expect(result).toMatchObject({ isError: true });
  expect((await server.request('ping')).result).toEqual({});
  server.child.stdin?.end();
  expect(await server.ended).toEqual([0, null]);
});

test("a message larger than the SDK's limit ends the server", async () => {
  const server = await startServer(at(place));
  void server.request('tools/call', messageOf(11_000_000));
  expect(await server.ended).toEqual([1, null]);
  expect(server.errors()).toContain('more than 10 MB');
});

test('many large answers at once cause no warning', async () => {
  const server = await startServer(at(place));
  await Promise.all(Array.from({ length: 40 }, () => server.request('tools/list')));
  expect(server.errors()).toBe('');
  server.child.stdin?.end();
  expect(await server.ended).toEqual([0, null]);
});

test('nothing but JSON-RPC is printed, whatever a library writes', async () => {
  const code =
    'setInterval(() => { console.log("junk %s", 1); console.info("junk"); process.stdout.write("junk\\n"); }, 10)';
  const server = await startServer({ ...at(place), ...preload(code) });
  await server.request('tools/list');
  await server.request('prompts/list');
  await server.request('resources/list');
  await new Promise((resolve) => setTimeout(resolve, 100));
  // Output from before the server's first line is Node's own.
  const ours = server.lines.slice(server.lines.findIndex((line) => line.startsWith('{')));
  expect(ours.filter((line) => !line.startsWith('{"'))).toEqual([]);
  for (const line of ours) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  expect(server.errors()).toContain('junk');
  server.child.stdin?.end();
  await server.ended;
});

test('a server whose program was removed keeps working: all of it is loaded', async () => {
  await using place = await makeDemoProject({ bare: true });
  const copy = join(place.home, 'dist');
  await cp(dirname(BUILT_SERVER), copy, { recursive: true });
  const server = await startServer({ ...at(place), program: join(copy, basename(BUILT_SERVER)) });
  const call = (name: string) => server.request('tools/call', { name, arguments: {} });
  expect((await call('list_sessions')).result).toMatchObject({ isError: true });
  await rm(copy, { recursive: true });
  const { result } = await call('setup_project');
  expect(result).toMatchObject({ content: [{ text: expect.stringContaining('.samocode was created') }] });
  expect((await server.request('ping')).result).toEqual({});
  server.child.stdin?.end();
  expect(await server.ended).toEqual([0, null]);
});

test('two servers at once see the same sessions, and the end of one does not affect the other', async () => {
  await using place = await makeDemoProject();
  await using first = await Parent.connect(place);
  await using second = await Parent.connect(place);
  const [a, b] = await Promise.all([
    first.call('start_session', { task: 'x', name: 'boat', provider: 'rehearsal', start: false }),
    second.call('start_session', { task: 'y', name: 'kite', provider: 'rehearsal', start: false }),
  ]);
  await first.client.listResources();
  process.kill(second.serverPid, 'SIGKILL');
  await using third = await Parent.connect(place);
  for (const parent of [first, third]) {
    const { contents } = await parent.client.readResource({ uri: 'samocode://sessions' });
    const [content] = contents;
    const { sessions } = JSON.parse(content && 'text' in content ? content.text : '');
    expect(sessions.map(({ session }: { session: string }) => session).sort()).toEqual(
      [a.session, b.session].sort(),
    );
  }
});

test('with only HOME, PATH, LANG and TERM every feature works', async () => {
  await using place = await makeDemoProject();
  const { HOME = '', PATH = '' } = place.env;
  const server = await startServer({
    cwd: place.repo,
    env: { HOME, PATH, LANG: 'C.UTF-8', TERM: 'dumb', SAMOCODE_SUPERVISOR: 'off', KEEP_AWAKE: 'no' },
  });
  const call = (name: string, args: object = {}) => server.request('tools/call', { name, arguments: args });
  expect((await call('setup_project')).result?.isError).toBeUndefined();
  expect(
    (await call('start_session', { task: 'x', provider: 'rehearsal', start: false })).result,
  ).toMatchObject({ structuredContent: { branch: 'samocode/x' } });
  expect((await call('list_sessions')).result).toMatchObject({
    structuredContent: { summary: expect.stringMatching(/^One session\. Read at /) },
  });
  const listed = await Promise.all(
    ['tools/list', 'prompts/list', 'resources/list'].map((name) => server.request(name)),
  );
  expect(listed.flatMap(({ error }) => error ?? [])).toEqual([]);
  server.child.stdin?.end();
  expect(await server.ended).toEqual([0, null]);
});

test('folders are watched from the first list or subscription on, and not before', async () => {
  const server = await startServer(at(place));
  await server.request('tools/call', { name: 'list_sessions', arguments: {} });
  await server.request('resources/templates/list');
  await server.request('prompts/list');
  const pid = server.child.pid ?? 0;
  expect(await watches(pid)).toBe(0);
  await server.request('resources/list');
  expect(await watches(pid)).toBeGreaterThan(0);
  server.child.stdin?.end();
  await server.ended;
});

/** How many inotify watches a process holds. */
async function watches(pid: number): Promise<number> {
  const folder = `/proc/${pid}/fdinfo`;
  const infos = await Promise.all(
    (await readdir(folder)).map((fd) => readFile(`${folder}/${fd}`, 'utf8').catch(() => '')),
  );
  return infos.join('').match(/^inotify wd:/gm)?.length ?? 0;
}
