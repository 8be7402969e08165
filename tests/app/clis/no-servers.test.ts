import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import { ci } from '../../support/ci.ts';
import { startServer } from '../../support/model-stub/server.ts';
import { startCliSession } from './cli-session.ts';

// That servers of the person, of a plugin and of the project are not started is shown by whole-sessions.test.ts. Gemini
// CLI reads them from a file that it refuses below a world-writable folder, which tests use.
test.concurrent(
  "the servers of the project's MCP file are started by a claude agent",
  ci,
  async ({ expect }) => {
    let trace = '';
    await using session = await startCliSession({
      cli: 'claude',
      lines: { MAX_ITERATIONS: '1' },
      before: async ({ homeDir, mainRepo }) => {
        trace = join(homeDir, 'server-was-started');
        const servers = { traced: { command: 'touch', args: [trace] } };
        await writeFile(join(mainRepo, 'agents.mcp.json'), JSON.stringify({ mcpServers: servers }));
        await appendFile(join(mainRepo, '.samocode'), 'MCP=agents.mcp.json\n');
      },
    });
    await session.until(({ lastIteration }) => lastIteration !== undefined);
    expect((await session.eventsOf('iteration_ended'))[0]).toMatchObject({ ending: 'signalled' });
    expect(await ifExists(stat(trace))).toBeDefined();
  },
);

test.concurrent("the servers of the project's MCP file are started by a codex agent, with their own variables and headers, even one with the name of a server of the person", async ({
  expect,
}) => {
  let trace = '';
  const requested = new Set<string | undefined>();
  await using web = await startServer(({ headers }, response) => {
    requested.add(headers.authorization);
    response.writeHead(404).end();
  });
  await using session = await startCliSession({
    cli: 'codex',
    lines: { MAX_ITERATIONS: '1' },
    env: { WORD_OF_THE_PERSON: 'found' },
    before: async ({ homeDir, mainRepo }) => {
      trace = join(homeDir, 'server-was-started');
      const table = '\n[mcp_servers.traced]\nurl = "http://127.0.0.1:9/"\n';
      await appendFile(join(homeDir, '.codex/config.toml'), table);
      const env = { WORD: `\${WORD_OF_THE_PERSON}, then \${WORD_OF_NOBODY:-nothing}` };
      const args = ['-c', `printf %s "$WORD" > '${trace}'`];
      const servers = {
        traced: { type: 'stdio', command: 'sh', args, env },
        web: {
          type: 'http',
          url: `${web.url}/mcp`,
          headers: { Authorization: `Bearer \${WORD_OF_THE_PERSON}` },
        },
      };
      await writeFile(join(mainRepo, 'agents.mcp.json'), JSON.stringify({ mcpServers: servers }));
      await appendFile(join(mainRepo, '.samocode'), 'MCP=agents.mcp.json\n');
    },
  });
  await session.until(({ lastIteration }) => lastIteration !== undefined);
  expect((await session.eventsOf('iteration_ended'))[0]).toMatchObject({ ending: 'signalled' });
  expect(await readFile(trace, 'utf8')).toBe('found, then nothing');
  expect([...requested]).toContain('Bearer found');
});
