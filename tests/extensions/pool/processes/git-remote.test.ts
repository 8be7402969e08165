import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { POOL_BRANCHES, POOL_REFS } from '../../../../src/extensions/pool/board/git-remote.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { freePort } from '../../../support/free-port.ts';
import { cutting, makeRemotes, serve } from './remotes.ts';

const REF = `${POOL_REFS}sessions/01JZZZZZZZZZZZZZZZZZZZZZZZ`;

test('of five machines that move a ref at the same moment one wins, in each of 40 rounds', ci, async () => {
  await using remotes = await makeRemotes();
  await using server = await serve(remotes.root);
  const url = `git://127.0.0.1:${server.port}/remote.git`;
  const machines = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => remotes.machine(name)));
  let before: string | undefined;
  const winners: number[] = [];
  for (let round = 0; round < 40; round += 1) {
    const race = machines.map(async (folder) => {
      const oid = await remotes.commit(folder, `${folder} ${round}`);
      return [oid, await remotes.remote(folder, { url }).move(REF, oid, before)] as const;
    });
    const won = (await Promise.all(race)).filter(([, push]) => push !== 'refused');
    winners.push(won.filter(([, push]) => push === 'moved').length);
    before = won[0]?.[0];
    expect(await remotes.git(remotes.url, 'rev-parse', REF)).toBe(before);
  }
  expect(winners).toEqual(Array.from({ length: 40 }, () => 1));
});

test('a "+" makes git ignore the lease, so that two win: it must never be in a push', async () => {
  await using remotes = await makeRemotes();
  const folder = await remotes.machine('a');
  const [old, one, two] = [
    await remotes.commit(folder, 'old'),
    await remotes.commit(folder, 'one'),
    await remotes.commit(folder, 'two'),
  ];
  await remotes.remote(folder).move(REF, old, undefined);
  const push = (spec: string) =>
    remotes.git(folder, 'push', '--quiet', `--force-with-lease=${REF}:${old}`, remotes.url, spec);
  await push(`+${one}:${REF}`);
  await push(`+${two}:${REF}`);
  expect(await remotes.git(remotes.url, 'rev-parse', REF)).toBe(two);
  await expect(push(`${one}:${REF}`)).rejects.toThrow('stale info');
});

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

test('a fetch copies refs under the same names, and removes copies of what is gone', async () => {
  await using remotes = await makeRemotes();
  const [here, other] = [await remotes.machine('a'), await remotes.machine('b')];
  const place = { prefix: POOL_BRANCHES } as const;
  const remote = remotes.remote(here, place);
  const oid = await remotes.commit(other, 'state');
  await remotes.remote(other, place).move(REF, oid, undefined);
  await remote.fetch([`${POOL_REFS}*`]);
  expect(await remotes.git(here, 'for-each-ref')).toBe(`${oid} commit\t${REF}`);
  expect(await remotes.git(remotes.url, 'for-each-ref', '--format=%(refname)')).toContain('refs/heads/');
  await remote.move(REF, undefined, oid);
  await remote.fetch([`${POOL_REFS}*`]);
  expect(await remotes.git(here, 'for-each-ref')).toBe('');
});

test('fetches at the same moment all succeed', async () => {
  await using remotes = await makeRemotes();
  const [here, other] = [await remotes.machine('a'), await remotes.machine('b')];
  const remote = remotes.remote(here);
  let before: string | undefined;
  for (let round = 0; round < 10; round += 1) {
    const oid = await remotes.commit(other, `state ${round}`);
    await remotes.remote(other).move(REF, oid, before);
    await Promise.all([remote.fetch([REF]), remote.fetch([`${POOL_REFS}*`]), remote.fetch([REF])]);
    expect(await remotes.git(here, 'rev-parse', REF)).toBe(oid);
    before = oid;
  }
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
