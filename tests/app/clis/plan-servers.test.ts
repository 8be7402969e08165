import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'vitest';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import { ci } from '../../support/ci.ts';
import { startCliSession } from './cli-session.ts';
import { BUILDS_BY_PLAN, writePlannedFolder } from './planned-folder.ts';

/** An MCP server with one tool, which records the calls that it gets in a file. */
const SERVER = `
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'tickets', version: '1' },
  }),
  'tools/list': () => ({
    tools: [{
      name: 'close', description: 'Close a ticket',
      inputSchema: { type: 'object', properties: { ticket: { type: 'string' } }, required: ['ticket'] },
    }],
  }),
  'tools/call': ({ arguments: { ticket } }) => {
    appendFileSync(process.argv[2], ticket);
    return { content: [{ type: 'text', text: 'closed' }] };
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const answer = answers[method];
  const said = answer ? { result: answer(params) } : { error: { code: -32601, message: 'no such method' } };
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...said }) + '\\n');
}
`;

const planWith = (server: string) => `## MCP servers
- ${server}

## Implementation Phases
### Phase 1: Close the ticket
- [ ] close it
`;

// Gemini CLI reads servers from a file that it refuses below a world-writable folder, which tests use.
test.concurrent.for(['claude', 'codex'] as const)(
  'a server of the plan that a person approves is started by the real %s, and its tool can be called',
  ci,
  async (cli, { expect }) => {
    let called = '';
    await using session = await startCliSession({
      cli,
      start: BUILDS_BY_PLAN,
      before: async ({ mainRepo }) => {
        const program = join(dirname(mainRepo), 'tickets.mjs');
        called = join(dirname(mainRepo), 'called');
        await writeFile(program, SERVER);
        await writePlannedFolder(mainRepo, planWith(`tickets: node ${program} ${called}`));
      },
      instead: ({ step }) => {
        const use = [{ name: 'mcp:tickets/close', input: { ticket: 'T-7' } }];
        return step === 0 ? { say: 'Closing the ticket.', use } : { say: 'Closed.' };
      },
    });
    await session.until(({ status }) => status.kind === 'waiting');
    await session.approve();
    await expect.poll(() => ifExists(readFile(called, 'utf8'))).toContain('T-7');
    const [approved] = await session.eventsOf('plan_approved');
    expect(approved).toMatchObject({ by: { channel: 'cli' }, servers: [{ name: 'tickets' }] });
    await session.stop();
  },
);
