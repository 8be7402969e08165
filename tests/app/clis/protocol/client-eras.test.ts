import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { startsAndLeaves } from '../../../support/model-stub/parent-model.ts';
import { runClient } from '../clients/client-cli.ts';

/** Starts the built server, and notes the first line that its client sends. */
const noting = (server: string, notes: string) => `
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
const child = spawn(process.execPath, [${JSON.stringify(server)}], { stdio: ['pipe', 'inherit', 'inherit'] });
process.stdin.once('data', (chunk) => appendFileSync(${JSON.stringify(notes)}, String(chunk).split('\\n')[0] + '\\n'));
process.stdin.pipe(child.stdin);
child.on('exit', () => process.exit());
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
`;

const CLIENTS = [
  { cli: 'claude', negotiation: '', first: 'server/discover' },
  { cli: 'claude', negotiation: 'legacy', first: 'initialize' },
  { cli: 'codex', negotiation: '', first: 'initialize' },
  { cli: 'gemini', negotiation: '', first: 'initialize' },
] as const;

test.concurrent.for(CLIENTS)(
  'the real $cli, with the negotiation "$negotiation", begins with $first, and its chat starts a session',
  async ({ cli, negotiation, first }, { expect }) => {
    await using bench = await makeBench();
    const { root, homeDir, path: cwd } = bench.repo;
    const [server, notes] = [join(root, 'samocode-mcp.mjs'), join(root, 'first.jsonl')];
    await writeFile(server, noting((await builtPrograms()).server, notes));
    const env: Record<string, string> = negotiation ? { MCP_PROTOCOL_NEGOTIATION: negotiation } : {};
    const script = startsAndLeaves('Name the boats');
    const ran = await runClient({ cli, server, homeDir, cwd, env, script });
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('All done.') });
    expect(await sessionFolders(bench.sessionsDir)).toHaveLength(1);
    const lines = (await readFile(notes, 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).method)).toEqual(lines.map(() => first));
  },
);
