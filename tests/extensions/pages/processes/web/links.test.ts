// @module-tag ci
import { afterEach, expect, test } from 'vitest';
import type { ActionContext } from '../../../../../src/core/caller/context/context.ts';
import { askPage, onPage, sessionPageAddress } from '../../../../../src/core/caller/facts/live-page.ts';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../../src/core/kernel/processes/host.ts';
import { runWeb, WEB_DEFAULTS } from '../../../../../src/extensions/pages/web/server/run-web.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const VIEW = { paths: { runDir: '/somewhere/.run/26-11-23-boats' } } as Parameters<
  typeof sessionPageAddress
>[0];
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function pageIn(home: string) {
  const stop = new AbortController();
  const by = { channel: 'cli' } as const;
  const programs = { worker: '/nowhere/worker.cjs', rehearsal: '/nowhere/rehearsal.cjs' };
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: {},
    home,
    cwd: home,
    by,
    programs,
  };
  const failed = (error: unknown) => {
    throw error;
  };
  const running = await runWeb({ ...WEB_DEFAULTS, port: 45_770, interrupted: stop.signal, failed }, context);
  const end = async () => {
    stop.abort();
    await running.ended;
  };
  ends.push(end);
  return { served: running.served, end };
}

test('a link to a session leads to the running page and has no key', async () => {
  await using folder = await tempDir();
  const { served } = await pageIn(folder.path);
  const address = await sessionPageAddress(VIEW, folder.path);
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#\/s\/[0-9a-f]{12}$/);
  expect(address).toContain(served.address);
  expect(await onPage(VIEW, { home: folder.path })).toBe(` The user can also decide at ${address}`);
});

test('without a page, and after it has ended, there is no link', async () => {
  await using folder = await tempDir();
  expect(await sessionPageAddress(VIEW, folder.path)).toBeUndefined();
  const { end } = await pageIn(folder.path);
  expect(await askPage(folder.path)).toBeDefined();
  await end();
  expect(await sessionPageAddress(VIEW, folder.path)).toBeUndefined();
  expect(await onPage(VIEW, { home: folder.path })).toBe('');
});
