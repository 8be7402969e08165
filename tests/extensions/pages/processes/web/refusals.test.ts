// @module-tag ci
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeProject, type TempProject } from '../../../../support/project.ts';
import { type Asked, serveWeb, type WebRig } from '../../../../support/web-rig.ts';

// What other pages, other names, forms and strangers send to a real, listening server.

let project: TempProject;
let web: WebRig;

beforeAll(async () => {
  project = await makeProject();
  web = await serveWeb(project.context, { hosts: ['Desk.lan'] });
});
afterAll(async () => {
  expect(web.failures).toEqual([]);
  await web.end();
  await project.repo[Symbol.asyncDispose]();
});

const MEGABYTE = 1024 * 1024;
const chunked = { 'transfer-encoding': 'chunked' };
const headers = (name: string, value: string): Asked => ({ headers: { [name]: value } });
const form: Asked = {
  method: 'POST',
  body: 'project=x&task=y',
  headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost:3000' },
};

/** Each carries the key: it does not help. */
test.each<[string, number, string, Asked]>([
  ['a name that was rebound to this machine', 421, '/', headers('host', 'evil.example')],
  ['the same with a port', 421, '/live', headers('host', 'evil.example:4577')],
  ['a name that only begins like ours', 421, '/', headers('host', 'localhost.evil.example')],
  ['an address of this machine in the network', 421, '/', headers('host', '192.168.1.2')],
  ['a page of another site', 403, '/live', headers('origin', 'https://evil.example')],
  ['a server on another port', 403, '/live', headers('origin', 'http://127.0.0.1:3000')],
  ['a page without an origin, as in a sandboxed frame', 403, '/live', headers('origin', 'null')],
  ['a request across sites', 403, '/live', headers('sec-fetch-site', 'cross-site')],
  ['a request from another port of this machine', 403, '/live', headers('sec-fetch-site', 'same-site')],
  ['a form of another page', 403, '/start', form],
  ['a code that another page wants to exchange', 403, '/key', form],
  ['a code that is none', 403, '/key', { method: 'POST', body: '{"code":["x"]}' }],
  ['a script that another site wants', 403, '/', headers('sec-fetch-site', 'cross-site')],
  ['a body of more than 1 MB', 413, '/start', { method: 'POST', body: 'x'.repeat(MEGABYTE + 1) }],
  ['a body of unknown length', 413, '/start', { method: 'POST', body: '{}', headers: chunked }],
  [
    'an endless body in chunks',
    413,
    '/start',
    { method: 'POST', body: 'x'.repeat(9 * MEGABYTE), headers: chunked },
  ],
  ['an unknown place', 404, '/etc/passwd', {}],
  ['an unknown act', 404, '/s/0123456789ab/obey', { method: 'POST', body: '{}' }],
  ['an unknown session', 404, '/s/0123456789ab/stop', { method: 'POST', body: '{}' }],
  ['a transcript of an unknown session', 404, '/s/0123456789ab/transcript/1', {}],
  ['a body that is no object', 409, '/start', { method: 'POST', body: '[1]' }],
  ['a body that is no JSON', 409, '/start', { method: 'POST', body: 'task=x' }],
  ['a start in a project that is not here', 409, '/start', { method: 'POST', body: '{"project":"/no"}' }],
])('%s gets %i', async (_title, status, path, asked) => {
  const answer = await web.ask(path, asked);
  expect([answer.status, answer.text]).toEqual([status, expect.not.stringContaining('samocode web says')]);
  expect(answer.headers).toMatchObject({
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'cache-control': 'no-store',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  expect(answer.headers).not.toHaveProperty('set-cookie');
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
});

test.each<[string, string, Asked]>([
  ['this machine', '127.0.0.1', {}],
  ['its name', 'localhost:9', headers('origin', 'http://localhost:9')],
  ['its other address', '[::1]:4577', headers('origin', 'http://[::1]:4577')],
  ['a name of --host, in any case', 'desk.LAN:8', headers('origin', 'http://desk.LAN:8')],
  [
    'a link in another page',
    'localhost',
    { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } },
  ],
])('the page itself is given to %s, and holds nothing', async (_title, host, asked) => {
  const answer = await web.askWithout('/', { headers: { ...asked.headers, host } });
  expect(answer.status).toBe(200);
  expect(answer.text).toBe((await web.askWithout('/')).text);
  expect(answer.text).not.toContain(await web.key());
});

test.each([
  ['none', undefined],
  ['a wrong one', 'Bearer wrong'],
  ['one that only begins like it', 'PREFIX'],
  ['another scheme', 'BASIC'],
  ['one of an earlier server, as in an old tab', `Bearer ${'A'.repeat(32)}`],
])('a token is needed for everything else: %s gets 401', async (_title, given) => {
  const token = await web.key();
  const authorization = given
    ?.replace('PREFIX', `Bearer ${token.slice(0, -1)}`)
    .replace('BASIC', `Basic ${token}`);
  const asked = authorization === undefined ? {} : headers('authorization', authorization);
  for (const path of ['/live', '/s/0123456789ab/transcript/1', '/nothing']) {
    const answer = await web.askWithout(path, asked);
    expect([answer.status, answer.text]).toEqual([401, 'A token is needed.']);
  }
  const post = await web.askWithout('/start', { ...asked, method: 'POST', body: '{}' });
  expect(post.status).toBe(401);
});

test('a flood without a token gets 401 each time, and does not keep the person out', async () => {
  const flood = Array.from({ length: 60 }, () => web.askWithout('/live'));
  const person = await web.ask('/nothing');
  expect(person.status).toBe(404);
  const statuses = (await Promise.all(flood)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([401]));
});
