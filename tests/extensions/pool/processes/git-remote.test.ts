import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  POOL_BRANCHES,
  POOL_REFS,
  parcelRef,
  sessionRef,
} from '../../../../src/extensions/pool/board/git-remote.ts';
import { dropParcel } from '../../../../src/extensions/pool/membership/session-copies.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { freePort } from '../../../support/free-port.ts';
import { cutting, makeRemotes, serve } from './remotes.ts';

const ID = '01JZZZZZZZZZZZZZZZZZZZZZZZ';
const REF = `${POOL_REFS}states/${ID}/x`;

test('a ref that was moved, deleted or rewritten meanwhile is not touched', async () => {
  await using remotes = await makeRemotes();
  const folder = await remotes.machine('a');
  const remote = remotes.remote(folder);
  const left = await remotes.commit(folder, 'left');
  const next = await remotes.commit(folder, 'next', left);
  const foreign = await remotes.commit(folder, 'foreign');
  expect(await remote.move(REF, left, undefined)).toBe('moved');
  expect(await remote.move(REF, next, undefined)).toBe('refused');
  expect(await remote.move(REF, next, foreign)).toBe('refused');
  await remotes.git(folder, 'push', '--quiet', '--force', remotes.url, `${foreign}:${REF}`);
  expect(await remote.move(REF, next, left)).toBe('refused');
  expect(await remote.move(REF, undefined, left)).toBe('refused');
  expect(await remote.list(REF)).toEqual(new Map([[REF, foreign]]));
  await remotes.git(remotes.url, 'update-ref', '-d', REF);
  expect(await remote.move(REF, next, left)).toBe('refused');
  expect(await remote.list(REF)).toEqual(new Map());
  expect(await remote.move(REF, next, undefined)).toBe('moved');
});

test('a push that is repeated after it had arrived has moved the ref', async () => {
  await using remotes = await makeRemotes();
  const folder = await remotes.machine('a');
  const oid = await remotes.commit(folder, 'state');
  expect(await remotes.remote(folder).move(REF, oid, undefined)).toBe('moved');
  expect(await remotes.remote(folder).move(REF, oid, undefined)).toBe('moved');
});

test('a push takes nothing else along, whatever the person has set for pushes', async () => {
  await using remotes = await makeRemotes();
  const folder = await remotes.machine('a');
  const oid = await remotes.commit(folder, 'state');
  await remotes.git(folder, 'tag', '-a', 'v1', '-m', 'a tag', oid);
  await remotes.git(folder, 'config', 'push.followTags', 'true');
  await remotes.git(folder, 'config', 'push.gpgSign', 'true');
  expect(await remotes.remote(folder).move(REF, oid, undefined)).toBe('moved');
  expect(await remotes.git(remotes.url, 'for-each-ref', '--format=%(refname)')).toBe(REF);
});

test.each(['moved', 'deleted'])(
  'a state is fetched by its commit, although its ref was %s by somebody who may push',
  ci,
  async (how) => {
    await using remotes = await makeRemotes();
    const [here, other] = [await remotes.machine('a'), await remotes.machine('b')];
    const [state, foreign] = [await remotes.commit(other, 'state'), await remotes.commit(other, 'foreign')];
    const later = await remotes.commit(other, 'later', state);
    for (const each of [state, later]) await remotes.remote(other).move(parcelRef(ID, each), each, undefined);
    const ref = parcelRef(ID, state);
    const spec = how === 'moved' ? `+${foreign}:${ref}` : `:${ref}`;
    await remotes.git(other, 'push', '--quiet', remotes.url, spec);
    await using server = await serve(remotes.root);
    const remote = remotes.remote(here, { url: `git://127.0.0.1:${server.port}/remote.git` });
    await remote.fetch(ID, state);
    expect(await remotes.git(here, 'for-each-ref')).toBe(`${state} commit\t${sessionRef(ID)}`);
  },
);

test('a state that the remote does not have is an error that names it, and one that is away another', async () => {
  await using remotes = await makeRemotes();
  const folder = await remotes.machine('a');
  const gone = { code: 'state_gone', message: expect.stringContaining('aaaaaaaaaaaa') };
  await expect(remotes.remote(folder).fetch(ID, 'a'.repeat(40))).rejects.toMatchObject(gone);
  const nowhere = remotes.remote(folder, { url: `git://127.0.0.1:${await freePort()}/remote.git` });
  await expect(nowhere.fetch(ID, 'a'.repeat(40))).rejects.toThrow('did not respond');
});

test('fetches at the same moment all succeed', async () => {
  await using remotes = await makeRemotes();
  const [here, other] = [await remotes.machine('a'), await remotes.machine('b')];
  const remote = remotes.remote(here);
  for (let round = 0; round < 10; round += 1) {
    const oid = await remotes.commit(other, `state ${round}`);
    await remotes.remote(other).move(parcelRef(ID, oid), oid, undefined);
    await Promise.all([remote.fetch(ID, oid), remote.fetch(ID, oid), remote.fetch(ID, oid)]);
    expect(await remotes.git(here, 'rev-parse', sessionRef(ID))).toBe(oid);
  }
});

test('a ref that somebody has moved is said, and left alone', async () => {
  await using remotes = await makeRemotes();
  const folder = await remotes.machine('a');
  const remote = remotes.remote(folder);
  const [state, foreign] = [await remotes.commit(folder, 'state'), await remotes.commit(folder, 'foreign')];
  const ref = parcelRef(ID, state);
  const said: unknown[] = [];
  const parts = { remote, report: (_: string, error: unknown) => void said.push(error) };
  await remote.move(ref, state, undefined);
  await dropParcel(ID, state, parts);
  await dropParcel(ID, state, parts);
  expect([said, (await remote.list(ref)).size]).toEqual([[], 0]);
  await remote.move(ref, foreign, undefined);
  await dropParcel(ID, state, parts);
  expect(said).toMatchObject([{ code: 'ref_moved' }]);
  expect(await remote.list(ref)).toEqual(new Map([[ref, foreign]]));
});

test('a server that takes no refs but branches is found out, and branches work there', async () => {
  await using remotes = await makeRemotes();
  const folder = await remotes.machine('a');
  const hook = join(remotes.url, 'hooks/update');
  await writeFile(hook, '#!/bin/sh\ncase "$1" in refs/heads/*) ;; *) exit 1 ;; esac\n');
  await chmod(hook, 0o755);
  const commit = (text: string) => remotes.commit(folder, text);
  expect(await remotes.remote(folder).probe(commit)).toBe('declined');
  expect(await remotes.remote(folder, { prefix: POOL_BRANCHES }).probe(commit)).toBe('works');
  expect(await remotes.git(remotes.url, 'for-each-ref')).toBe('');
  const push = remotes.remote(folder).move(REF, await commit('state'), undefined);
  await expect(push).rejects.toThrow('did not accept');
});

test('a remote that can only be read is told from one that cannot be reached', async () => {
  await using remotes = await makeRemotes();
  const folder = await remotes.machine('a');
  await using server = await serve(remotes.root, { pushes: false });
  const at = (port: number) => remotes.remote(folder, { url: `git://127.0.0.1:${port}/remote.git` });
  const commit = (text: string) => remotes.commit(folder, text);
  expect(await at(server.port).probe(commit)).toBe('read_only');
  const nowhere = at(await freePort());
  expect(await nowhere.probe(commit)).toBe('unreachable');
  await expect(nowhere.list(`${POOL_REFS}*`)).rejects.toThrow('did not respond');
});

test.each([1, 60, 200, 400, 700, 10_000])(
  'a push that is cut after %i bytes has moved nothing, and another one settles it',
  async (bytes) => {
    await using race = await pushThrough(bytes, 'rest');
    expect(race).toMatchObject({ push: 'unreachable', there: race.left });
    expect(await race.remote.move(REF, race.next, race.left)).toBe('moved');
  },
);

test('of a push whose answer is lost nothing is known until somebody looks', async () => {
  await using race = await pushThrough(1000, 'answer');
  expect(race).toMatchObject({ push: 'unreachable', there: race.next });
  expect(await race.remote.move(REF, race.next, race.left)).toBe('moved');
});

/** Moves a ref through a connection that breaks. */
async function pushThrough(bytes: number, loses: 'rest' | 'answer') {
  const remotes = await makeRemotes();
  const folder = await remotes.machine('a');
  const remote = remotes.remote(folder);
  const left = await remotes.commit(folder, 'left');
  await remote.move(REF, left, undefined);
  const noise = Array.from({ length: 4000 }, (_, index) => Math.sin(index)).join('\n');
  const next = await remotes.commit(folder, noise, left);
  await using server = await serve(remotes.root);
  await using proxy = await cutting(server.port, bytes, loses);
  const url = `git://127.0.0.1:${proxy.port}/remote.git`;
  const push = await remotes.remote(folder, { url }).move(REF, next, left);
  const there = await eventually(async () => (await remote.list(REF)).get(REF));
  return { ...{ remote, left, next, push, there }, [Symbol.asyncDispose]: remotes[Symbol.asyncDispose] };
}

test('a remote is public if it answers without the login that this machine has for it', async () => {
  await using remotes = await makeRemotes();
  const folder = await remotes.machine('a');
  await remotes.remote(folder).move(REF, await remotes.commit(folder, 'state'), undefined);
  await remotes.git(remotes.url, 'update-server-info');
  await using closed = await overHttp(remotes.root, { login: 'me:secret' });
  await using open = await overHttp(remotes.root, {});
  await writeFile(join(remotes.root, 'home/.netrc'), 'machine 127.0.0.1 login me password secret\n');
  const at = (url: string) => remotes.remote(folder, { url });
  expect((await at(`${closed.url}/remote.git`).list(REF)).size).toBe(1);
  expect(await at(`${closed.url}/remote.git`).isPublic()).toBe(false);
  const inAddress = closed.url.replace('//', '//me:secret@');
  expect(await at(`${inAddress}/remote.git`).isPublic()).toBe(false);
  expect(await at(`${open.url}/remote.git`).isPublic()).toBe(true);
  expect(await at(remotes.url).isPublic()).toBe(false);
  await using daemon = await serve(remotes.root);
  expect(await at(`git://127.0.0.1:${daemon.port}/remote.git`).isPublic()).toBe(true);
});

/** Files of a folder, behind a login. */
async function overHttp(root: string, { login }: { login?: string }) {
  const wanted = login && `Basic ${Buffer.from(login).toString('base64')}`;
  const server = createServer(async (request, response) => {
    if (wanted && request.headers.authorization !== wanted)
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    const path = join(root, (request.url ?? '').replace(/\?.*/, ''));
    const file = await readFile(path).catch(() => undefined);
    return response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  const port = await freePort();
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
