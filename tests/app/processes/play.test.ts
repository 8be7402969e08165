import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { newClaudeReader } from '../../../src/core/agents/claude/claude-stream.ts';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDir } from '../../support/temp-dir.ts';

const AGENT = join(import.meta.dirname, '../../../scripts/play/agent.mjs');

test('an agent that somebody plays gets its prompt as a file, and ends with the words of the player', async () => {
  await using dir = await tempDir();
  const child = spawn(process.execPath, [AGENT, join(dir.path, 'agents'), '-p', '--tools', 'Bash,Read'], {
    cwd: dir.path,
  });
  const printed = text(child.stdout);
  child.stdin.end('Do one piece of work.\n');
  const at = (name: string) => join(dir.path, 'agents/001', name);
  await eventually(
    async () => (await ifExists(readFile(at('prompt.md'), 'utf8'))) === 'Do one piece of work.\n',
    {
      what: 'the prompt',
    },
  );
  expect(JSON.parse(await readFile(at('arguments.json'), 'utf8'))).toMatchObject({ cwd: dir.path });
  await writeFile(at('end'), 'All done.\n');
  await once(child, 'close');
  const reader = newClaudeReader();
  const events = (await printed).split('\n').flatMap((line) => reader.readLine(line));
  expect(events[0]).toMatchObject({ kind: 'started', tools: ['Bash', 'Read'] });
  expect(events.at(-1)).toMatchObject({ kind: 'final', report: { text: 'All done.' } });
});
