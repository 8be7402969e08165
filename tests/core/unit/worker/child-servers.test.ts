import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PlanServer } from '../../../../src/core/session/events/bodies/positions.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { agentServers } from '../../../../src/core/worker/iteration/start.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const TICKETS: PlanServer = { name: 'tickets', command: ['tickets-mcp', '--stdio'] };

/** A worker whose log has `servers` accepted with the plan `h`. */
function workerWith(dir: string, { servers, mcpPath, hash = 'h' }: Given): Worker {
  const paths = sessionPaths(dir, '26-01-08-x');
  const sample = sessionFileSample({ folder: paths.folder, sessionsDir: dir });
  const file = { ...sample, settings: { ...sample.settings, ...(mcpPath && { mcpPath }) } };
  const approvedPlan = { name: 'plan.md', hash, by: { channel: 'cli' } } as const;
  const state = { ...emptyState(), approvedPlan, planServers: { h: servers } };
  return { paths, file, env: { PATH: dir }, writer: { state } } as unknown as Worker;
}

interface Given {
  servers: PlanServer[];
  mcpPath?: string;
  hash?: string;
}

test('servers accepted with the plan are added to those of the MCP file, which take precedence on equal names', async () => {
  await using dir = await tempDir();
  const mcpPath = join(dir.path, 'mcp.json');
  await writeFile(mcpPath, JSON.stringify({ mcpServers: { docs: { url: 'https://docs.example/mcp' } } }));
  const docs: PlanServer = { name: 'docs', command: ['other-docs'] };
  const worker = workerWith(dir.path, { servers: [TICKETS, docs], mcpPath });
  const tickets = { command: 'tickets-mcp', args: ['--stdio'] };
  expect(await agentServers(worker, { inGuard: true })).toEqual({
    configPath: mcpPath,
    accepted: { tickets },
    serverNames: ['docs', 'tickets'],
    servers: { docs: { url: 'https://docs.example/mcp' }, tickets },
  });
});

test('without an MCP file an agent gets only the accepted servers, and without either none', async () => {
  await using dir = await tempDir();
  const alone = await agentServers(workerWith(dir.path, { servers: [TICKETS] }), { inGuard: true });
  expect(alone).toMatchObject({ serverNames: ['tickets'], accepted: alone?.servers });
  expect(alone).not.toHaveProperty('configPath');
  expect(await agentServers(workerWith(dir.path, { servers: [] }), { inGuard: true })).toBeUndefined();
});

test('servers of a plan that is no longer approved are not started', async () => {
  await using dir = await tempDir();
  const worker = workerWith(dir.path, { servers: [TICKETS], hash: 'another' });
  expect(await agentServers(worker, { inGuard: true })).toBeUndefined();
});

test('the built-in browser server uses the Chromium of the machine, without its sandbox inside the guard', async () => {
  await using dir = await tempDir();
  const chromium = join(dir.path, 'chromium');
  await writeFile(chromium, '');
  await chmod(chromium, 0o755);
  const worker = workerWith(dir.path, { servers: [{ name: 'browser' }] });
  const args = (await agentServers(worker, { inGuard: true }))?.servers.browser?.args;
  expect(args).toEqual(expect.arrayContaining(['--no-sandbox', '--executable-path', chromium]));
});
