import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GitHub } from '../../../../src/extensions/github/forge/github.ts';
import { ciIf } from '../../../support/ci.ts';
import { freePort } from '../../../support/free-port.ts';
import type { StubFault } from '../../../support/github-stub/github-stub.ts';
import { BOATS, type Scene, scene } from './forge-scene.ts';

/** The requests in the rows below: one of each kind. */
const ASKED: Record<string, (s: Scene, env: Record<string, string | undefined>) => Promise<unknown>> = {
  login: (_, env) => new GitHub({ env }).login('github.com'),
  look: (_, env) => new GitHub({ env }).pullRequests(BOATS, [17]),
  details: (_, env) => new GitHub({ env }).details(BOATS, 17),
  log: (_, env) => new GitHub({ env }).jobLog(BOATS, 7),
  comment: (_, env) =>
    new GitHub({ env }).comment({ repository: BOATS, number: 17, body: 'x', marker: 's 1' }),
  words: (_, env) => new GitHub({ env }).openPullRequest(BOATS, 'samocode/x'),
};
const ALL = Object.keys(ASKED);

type Plan = (s: Scene) => Promise<Record<string, string | undefined>>;
const faulty =
  (fault: StubFault): Plan =>
  async (s) => {
    s.hub.fault = () => fault;
    return s.env;
  };
const RESET = { 'X-Ratelimit-Remaining': '0', 'X-Ratelimit-Reset': '1767870000' };
const LATER = { 'Retry-After': '60', Date: 'Thu, 08 Jan 2026 10:59:00 GMT' };
const errorOf = (type: string) => ({
  status: 200,
  body: { data: { repository: null }, errors: [{ type, path: ['repository'], message: 'no' }] },
});

const ROWS: [string, string, readonly string[], Plan, object?][] = [
  ['gh is missing', 'forge_no_gh', ALL, async ({ env, home }) => ({ ...env, PATH: home })],
  ['nobody is logged in', 'forge_not_logged_in', ALL, async ({ env }) => ({ ...env, GH_TOKEN: undefined })],
  [
    'the login is refused',
    'forge_not_logged_in',
    ALL,
    async (s) => {
      s.hub.viewer = undefined;
      return s.env;
    },
  ],
  [
    'the network is gone',
    'forge_offline',
    ALL,
    async ({ env }) => ({ ...env, HTTPS_PROXY: `http://127.0.0.1:${await freePort()}` }),
  ],
  ['the connection is cut', 'forge_offline', ALL, faulty('cut')],
  [
    'a certificate is not known',
    'forge_offline',
    ['login'],
    async ({ env }) => ({ ...env, SSL_CERT_FILE: '/dev/null' }),
  ],
  [
    'the limit is used up',
    'forge_rate_limited',
    ALL,
    faulty({ status: 403, headers: RESET, body: { message: 'API rate limit exceeded' } }),
    { until: '2026-01-08T11:00:00.000Z' },
  ],
  [
    'there were too many requests at once',
    'forge_rate_limited',
    ALL,
    faulty({ status: 429, headers: LATER, body: { message: 'secondary rate limit' } }),
    { until: '2026-01-08T11:00:00.000Z' },
  ],
  [
    'the limit of GraphQL is used up',
    'forge_rate_limited',
    ['look', 'details'],
    faulty(errorOf('RATE_LIMITED')),
  ],
  [
    'the repository is not there',
    'forge_refused',
    ['look', 'details', 'comment'],
    faulty(errorOf('NOT_FOUND')),
  ],
  ['a scope is missing', 'forge_refused', ['look', 'details'], faulty(errorOf('INSUFFICIENT_SCOPES'))],
  [
    'there are no rights',
    'forge_refused',
    ['look', 'words'],
    faulty({ status: 403, body: { message: 'Forbidden' } }),
  ],
  ['the pull request is not there', 'forge_refused', ['details', 'comment'], async (s) => s.env],
  [
    'the repository was renamed',
    'forge_renamed',
    ['look', 'details', 'comment'],
    async (s) => {
      s.repository.openPullRequest('samocode/x');
      s.repository.renamedTo = 'fleet/ships';
      return s.env;
    },
    { from: BOATS, to: 'github.com/fleet/ships' },
  ],
  ['GitHub fails', 'forge_failed', ALL, faulty({ status: 502, body: '<html>' }), { status: 502 }],
  ['the answer is no JSON', 'forge_failed', ['look', 'words'], faulty({ status: 200, body: '<html>' })],
  [
    'the answer has another shape',
    'forge_failed',
    ['look', 'words'],
    faulty({ status: 200, body: { data: {} } }),
  ],
  ['GitHub does not know a field', 'forge_failed', ['look'], faulty(errorOf('undefinedField'))],
];

for (const [at, [what, code, asked, plan, args = {}]] of ROWS.entries()) {
  const isFirst = ROWS.findIndex(([, each]) => each === code) === at;
  test(`if ${what}, each call ends with ${code}, and says what to do`, ciIf(isFirst), async () => {
    await using s = await scene();
    const env = await plan(s);
    for (const name of asked) {
      const error = await ASKED[name]?.(s, env).then(
        () => `${name} had an answer`,
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({
        code,
        args: expect.objectContaining(args),
        hint: expect.stringMatching(/\.$/),
      });
    }
  });
}

test('an error about one pull request hides none of the others', async () => {
  await using s = await scene();
  s.repository.openPullRequest('samocode/x');
  s.repository.openPullRequest('samocode/y');
  expect([...(await s.forge.pullRequests(BOATS, [16, 17, 18])).pullRequests.keys()]).toEqual([17, 18]);
});

test('a gh that never ends is stopped with the signal', async () => {
  await using s = await scene();
  const bin = join(s.home, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'gh'), '#!/bin/sh\nexec sleep 600\n');
  await chmod(join(bin, 'gh'), 0o755);
  const stop = new AbortController();
  const asked = new GitHub({ env: { ...s.env, PATH: `${bin}:/usr/bin:/bin` }, signal: stop.signal }).login(
    'github.com',
  );
  stop.abort(new Error('stopped'));
  await expect(asked).rejects.toThrow('stopped');
});
