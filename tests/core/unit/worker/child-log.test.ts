import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { appendFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Provider } from '../../../../src/core/agents/contract/provider.ts';
import { AgentOutput } from '../../../../src/core/worker/limits/output.ts';
import { rehearsal } from '../../../../src/extensions/rehearsal/rehearsal.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** A provider that collects the lines it is given. */
function listening(lines: string[]): Provider {
  return {
    ...rehearsal,
    newReader: () => ({
      readLine(line: string) {
        lines.push(line);
        return [];
      },
    }),
  };
}

test('lines that start like an object are read whole, wherever they were split; others are skipped', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  const lines: string[] = [];
  using log = new AgentOutput(path, listening(lines));
  log.readOn();
  await writeFile(path, 'plain words\n{"a":1}\n  {"b"');
  log.readOn();
  await appendFile(path, ':"ä"}\nmore words\n\n{"c":3}');
  log.readToEnd();
  expect(lines.filter((line) => line.trim() !== '')).toEqual(['{"a":1}', '  {"b":"ä"}', '{"c":3}']);
});

test('a line that arrives in several pieces is one line', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  const lines: string[] = [];
  const long = JSON.stringify({ text: 'x'.repeat(700_000) });
  await writeFile(path, `${long}\n{"after":1}\n`);
  using log = new AgentOutput(path, listening(lines));
  log.readToEnd();
  expect(lines).toEqual([long, '{"after":1}']);
});

test('a file that an agent puts in place of its log is ignored, and a later log is read', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  await writeFile(join(dir.path, 'other'), '{"other":1}\n');
  const lines: string[] = [];
  using log = new AgentOutput(path, listening(lines));
  const put = [
    () => execFileSync('mkfifo', [path]),
    () => mkdir(path),
    () => symlink(join(dir.path, 'other'), path),
    () => symlink(path, path),
  ];
  for (const each of put) {
    await each();
    expect(log.readOn()).toBe(0);
    log.readToEnd();
    await rm(path, { recursive: true });
  }
  await writeFile(path, '{"a":1}\n');
  log.readToEnd();
  expect(lines).toEqual(['{"a":1}']);
});

test('of a log that another worker began, every line is read, also beyond what one call reads', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  const line = JSON.stringify({ text: 'x'.repeat(100_000) });
  await writeFile(path, `{"first":1}\n${`${line}\n`.repeat(200)}`);
  const lines: string[] = [];
  using log = new AgentOutput(path, listening(lines));
  expect(log.readOn()).toBeLessThan(17_000_000);
  expect(lines[0]).toBe('{"first":1}');
  log.readToEnd();
  expect(lines).toHaveLength(201);
});

test('a log that is still being written is read up to its current end', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  const line = `${JSON.stringify({ text: 'x'.repeat(1_000_000) })}\n`;
  const most = 40;
  let read = 0;
  const answering: Provider = {
    ...rehearsal,
    newReader: () => ({
      readLine() {
        read += 1;
        if (read < most) appendFileSync(path, line);
        return [];
      },
    }),
  };
  await writeFile(path, line);
  using log = new AgentOutput(path, answering);
  log.readToEnd();
  expect(read).toBeLessThan(most);
});
